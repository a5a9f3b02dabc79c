"""What a scorecard comes to, in one to three sentences that could be false tomorrow.

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
    """Return how a judge stands to a baseline, as the module's rules say."""
    ends, own, other = judge.get("rmse_interval"), judge.get("rmse"), baseline.get("rmse")
    if ends is None or own is None or other is None:
        return "unknown"
    if ends[1] < other:
        return "better"
    if ends[0] > other:
        return "worse"
    return "unclear" if own < other else "no better"


def summarize(card: Mapping[str, Any]) -> str:
    """Return the sentences that a scorecard opens with."""
    measured = [one for one in card["dimensions"] if one["asked"]["samples"]]
    if not measured:
        return _("No sample has both a score and a prediction yet, so nothing can be said of this judge.")
    told = [one for one in measured if one["asked"].get("rmse_interval")]
    if not told:
        return _("It was measured on too few questions to say what it is better than.")
    sentences = (
        _beaten_sentence(told, len(measured)),
        _not_beaten_sentence(measured),
        _ceiling_sentence(told, len(measured)),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _beaten_sentence(told: list[Mapping[str, Any]], measured: int) -> str:
    compared = [one for one in told if baselines_by_name(one)]
    if not compared:
        return _("There is no baseline to hold it to.")
    better = [one["key"] for one in compared if _beats_all(one)]
    if not better:
        # What it does not beat is said next.
        return "" if measured == 1 else _("On no dimension is it better than every baseline.")
    if len(better) == measured > 1:
        return _("Better than every baseline on every dimension.")
    return _("Better than every baseline on %(dimensions)s.") % {"dimensions": enumerate_or_count(better)}


def _not_beaten_sentence(measured: list[Mapping[str, Any]]) -> str:
    """Say for each dimension whom the judge does not beat; dimensions of which the same is true share a clause."""
    groups: dict[tuple[Verdict, str], list[str]] = {}
    for one in measured:
        gravest = _gravest_verdict(one)
        if gravest is not None:
            groups.setdefault(gravest, []).append(one["key"])
    order = sorted(groups, key=lambda group: (GRAVEST_FIRST.index(group[0]), list(BASELINE_WORDS).index(group[1])))
    said = order if len(order) <= CLAUSES_AT_MOST else order[: CLAUSES_AT_MOST - 1]
    clauses = [_verdict_clause(kind, baseline, groups[kind, baseline]) for kind, baseline in said]
    rest = [key for group in order[len(said) :] for key in groups[group]]
    if rest:
        clauses.append(
            _("on %(dimensions)s it does not clearly beat every baseline") % {"dimensions": enumerate_or_count(rest)}
        )
    too_few = [one["key"] for one in measured if not one["asked"].get("rmse_interval")]
    if too_few:
        clauses.append(
            _("on %(dimensions)s there are too few questions to tell") % {"dimensions": enumerate_or_count(too_few)}
        )
    return _join_clauses(clauses)


def _beats_all(one: Mapping[str, Any]) -> bool:
    return all(compare_to_baseline(one["asked"], baseline) == "better" for baseline in baselines_by_name(one).values())


def _gravest_verdict(one: Mapping[str, Any]) -> tuple[Verdict, str] | None:
    """Return the gravest verdict on a dimension, with the weakest baseline of which it is true."""
    verdicts = {name: compare_to_baseline(one["asked"], baseline) for name, baseline in baselines_by_name(one).items()}
    for kind in GRAVEST_FIRST:
        for name, found in verdicts.items():
            if found == kind:
                return kind, name
    return None


def _verdict_clause(kind: Verdict, baseline: str, dimensions: list[str]) -> str:
    words = {"dimensions": enumerate_or_count(dimensions), "baseline": str(BASELINE_WORDS[baseline])}
    if kind == "worse":
        return _("on %(dimensions)s it is worse than %(baseline)s") % words
    if kind == "no better":
        return _("on %(dimensions)s it does no better than %(baseline)s") % words
    return _("on %(dimensions)s it is not clearly better than %(baseline)s") % words


def _ceiling_sentence(told: list[Mapping[str, Any]], measured: int) -> str:
    known = [one for one in told if (one.get("ceiling") or {}).get("rmse") is not None]
    if not known:
        return _("No sample has ratings by two annotators, so there is no human ceiling to hold it to.")
    reached, near = [], []
    for one in known:
        low, high = one["asked"]["rmse_interval"]
        if high <= one["ceiling"]["rmse"]:
            reached.append(one["key"])
        elif low <= one["ceiling"]["rmse"]:
            near.append(one["key"])
    if not reached and not near:
        if len(known) == measured > 1:
            return _("On no dimension does it reach one annotator measured against the others.")
        where = enumerate_or_count([one["key"] for one in known])
        return _("On %(where)s it does not reach one annotator measured against the others.") % {"where": where}
    clauses = []
    if reached:
        where = _("every dimension") if len(reached) == measured > 1 else enumerate_or_count(reached)
        clauses.append(_("on %(where)s it comes as near to people as one annotator to the others") % {"where": where})
    if near:
        where = _("every dimension") if len(near) == measured > 1 else enumerate_or_count(near)
        said = _("on %(where)s it cannot be told from one annotator measured against the others")
        clauses.append(said % {"where": where})
    so_does = _baseline_at_ceiling([one for one in known if one["key"] in (*reached, *near)])
    if so_does:
        clauses.append(_("that says little, as so much can be said of %(baseline)s") % {"baseline": so_does})
    return _join_clauses(clauses)


def _baseline_at_ceiling(reached: list[Mapping[str, Any]]) -> str:
    """Return the weakest baseline that comes as near to people as one annotator wherever the judge does."""
    for name, words in BASELINE_WORDS.items():
        errors = [baselines_by_name(one).get(name, {}).get("rmse") for one in reached]
        if all(
            error is not None and error <= one["ceiling"]["rmse"] for error, one in zip(errors, reached, strict=True)
        ):
            return str(words)
    return ""


def _join_clauses(clauses: list[str]) -> str:
    if not clauses:
        return ""
    joined = "; ".join(clauses)
    return joined[0].upper() + joined[1:] + "."
