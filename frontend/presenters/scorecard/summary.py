"""The summary of a scorecard in one to three sentences.

All of it is about the RMSE of the expected score: A@1 is a weak bar that knowing the generator alone may pass.

- A judge is *better* than a baseline only where its whole 95 % interval lies below the baseline's RMSE, and *worse*
  only where the whole interval lies above it. In between it is *no better* where its own RMSE is not lower, and *not
  clearly better* where it is lower but within chance.
- It *reaches* one annotator measured against the others only where its whole interval lies at or below their RMSE;
  where that lies within the interval the two cannot be told apart.
- Without an interval, which takes five questions, nothing is claimed.

Of the baselines that a dimension's judge does not beat the weakest is named: who does not beat the constant has not
beaten the rest.
"""

from collections.abc import Mapping
from typing import Any, Literal

from django.utils.translation import gettext as _

from .text import BASELINE_WORDS, baselines_by_name, enumerate_or_count

Verdict = Literal["better", "unclear", "no better", "worse", "unknown"]
# The gravest first.
GRAVEST_FIRST: tuple[Verdict, ...] = ("worse", "no better", "unclear")
CLAUSES_AT_MOST = 3


def compare_to_baseline(judge: Mapping[str, Any], baseline: Mapping[str, Any]) -> Verdict:
    """Return the verdict on a judge against a baseline, by the module's rules."""
    ends, rmse, baseline_rmse = judge.get("rmse_interval"), judge.get("rmse"), baseline.get("rmse")
    if ends is None or rmse is None or baseline_rmse is None:
        return "unknown"
    if ends[1] < baseline_rmse:
        return "better"
    if ends[0] > baseline_rmse:
        return "worse"
    return "unclear" if rmse < baseline_rmse else "no better"


def summarize(card: Mapping[str, Any]) -> str:
    """Return the sentences that a scorecard opens with."""
    measured = [dimension for dimension in card["dimensions"] if dimension["asked"]["samples"]]
    if not measured:
        return _("No sample has both a score and a prediction yet, so nothing can be said of this judge.")
    with_interval = [dimension for dimension in measured if dimension["asked"].get("rmse_interval")]
    if not with_interval:
        return _("It was measured on too few questions to say what it is better than.")
    sentences = (
        _beaten_sentence(with_interval, len(measured)),
        _not_beaten_sentence(measured),
        _ceiling_sentence(with_interval, len(measured)),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _beaten_sentence(with_interval: list[Mapping[str, Any]], measured: int) -> str:
    compared = [dimension for dimension in with_interval if baselines_by_name(dimension)]
    if not compared:
        return _("There is no baseline to hold it to.")
    better = [dimension["key"] for dimension in compared if _beats_all(dimension)]
    if not better:
        # What it does not beat is said next.
        return "" if measured == 1 else _("On no dimension is it better than every baseline.")
    if len(better) == measured > 1:
        return _("Better than every baseline on every dimension.")
    return _("Better than every baseline on %(dimensions)s.") % {"dimensions": enumerate_or_count(better)}


def _not_beaten_sentence(measured: list[Mapping[str, Any]]) -> str:
    """Return which baselines the judge does not beat on which dimensions.

    Dimensions with the same verdict share a clause.
    """
    groups: dict[tuple[Verdict, str], list[str]] = {}
    for dimension in measured:
        gravest = _gravest_verdict(dimension)
        if gravest is not None:
            groups.setdefault(gravest, []).append(dimension["key"])
    order = sorted(groups, key=lambda group: (GRAVEST_FIRST.index(group[0]), list(BASELINE_WORDS).index(group[1])))
    named = order if len(order) <= CLAUSES_AT_MOST else order[: CLAUSES_AT_MOST - 1]
    clauses = [_verdict_clause(kind, baseline, groups[kind, baseline]) for kind, baseline in named]
    other_keys = [key for group in order[len(named) :] for key in groups[group]]
    if other_keys:
        clauses.append(
            _("on %(dimensions)s it does not clearly beat every baseline")
            % {"dimensions": enumerate_or_count(other_keys)}
        )
    too_few = [dimension["key"] for dimension in measured if not dimension["asked"].get("rmse_interval")]
    if too_few:
        clauses.append(
            _("on %(dimensions)s there are too few questions to tell") % {"dimensions": enumerate_or_count(too_few)}
        )
    return _join_clauses(clauses)


def _beats_all(dimension: Mapping[str, Any]) -> bool:
    return all(
        compare_to_baseline(dimension["asked"], baseline) == "better"
        for baseline in baselines_by_name(dimension).values()
    )


def _gravest_verdict(dimension: Mapping[str, Any]) -> tuple[Verdict, str] | None:
    """Return the gravest verdict on a dimension, with the weakest baseline that has it."""
    verdicts = {
        name: compare_to_baseline(dimension["asked"], baseline)
        for name, baseline in baselines_by_name(dimension).items()
    }
    for kind in GRAVEST_FIRST:
        for name, verdict in verdicts.items():
            if verdict == kind:
                return kind, name
    return None


def _verdict_clause(kind: Verdict, baseline: str, dimensions: list[str]) -> str:
    words = {"dimensions": enumerate_or_count(dimensions), "baseline": str(BASELINE_WORDS[baseline])}
    if kind == "worse":
        return _("on %(dimensions)s it is worse than %(baseline)s") % words
    if kind == "no better":
        return _("on %(dimensions)s it does no better than %(baseline)s") % words
    return _("on %(dimensions)s it is not clearly better than %(baseline)s") % words


def _ceiling_sentence(with_interval: list[Mapping[str, Any]], measured: int) -> str:
    with_ceiling = [
        dimension for dimension in with_interval if (dimension.get("ceiling") or {}).get("rmse") is not None
    ]
    if not with_ceiling:
        return _("No sample has ratings by two annotators, so there is no human ceiling to hold it to.")
    reached, near = [], []
    for dimension in with_ceiling:
        low, high = dimension["asked"]["rmse_interval"]
        if high <= dimension["ceiling"]["rmse"]:
            reached.append(dimension["key"])
        elif low <= dimension["ceiling"]["rmse"]:
            near.append(dimension["key"])
    if not reached and not near:
        if len(with_ceiling) == measured > 1:
            return _("On no dimension does it reach one annotator measured against the others.")
        where = enumerate_or_count([dimension["key"] for dimension in with_ceiling])
        return _("On %(where)s it does not reach one annotator measured against the others.") % {"where": where}
    clauses = []
    if reached:
        where = _("every dimension") if len(reached) == measured > 1 else enumerate_or_count(reached)
        clauses.append(_("on %(where)s it comes as near to people as one annotator to the others") % {"where": where})
    if near:
        where = _("every dimension") if len(near) == measured > 1 else enumerate_or_count(near)
        clause = _("on %(where)s it cannot be told from one annotator measured against the others")
        clauses.append(clause % {"where": where})
    baseline = _baseline_at_ceiling([dimension for dimension in with_ceiling if dimension["key"] in (*reached, *near)])
    if baseline:
        clauses.append(_("that says little, as so much can be said of %(baseline)s") % {"baseline": baseline})
    return _join_clauses(clauses)


def _baseline_at_ceiling(reached: list[Mapping[str, Any]]) -> str:
    """Return the weakest baseline that also reaches the human ceiling, or an empty text.

    It has to reach one annotator on every dimension on which the judge does.
    """
    for name, words in BASELINE_WORDS.items():
        errors = [baselines_by_name(dimension).get(name, {}).get("rmse") for dimension in reached]
        if all(
            error is not None and error <= dimension["ceiling"]["rmse"]
            for error, dimension in zip(errors, reached, strict=True)
        ):
            return str(words)
    return ""


def _join_clauses(clauses: list[str]) -> str:
    if not clauses:
        return ""
    joined = "; ".join(clauses)
    return joined[0].upper() + joined[1:] + "."
