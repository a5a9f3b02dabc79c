"""The explanation of an entry's rank in a review queue."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Discussion, QueueEntry, Sample
from annotation.review_queue.list import QueueRow
from annotation.review_queue.ranking import DISPUTE, RankingReason, ReasonKind
from judge.missing_sides import locked_dimensions

from .discussions import enumerate_words
from .vocabulary import format_decimals, format_number

# From here on a chance or a gap is worth a word of its own.
LIKELY, POSSIBLE, FAR = 0.5, 0.25, 1.0


@dataclass(frozen=True, slots=True)
class RankExplanation:
    """Why an entry has its rank: first what people gave, then what the judge adds."""

    heading: str
    text: str
    judge_text: str


def explain_rank(row: QueueRow, rubric: RubricDefinition, *, widest: bool = False) -> RankExplanation:
    """Return why an entry has its rank.

    ``widest``: of the entries in order no other has so wide a range.
    """
    reason, key = row.reason, dimension_key(row.entry, rubric)
    if reason is None:
        return RankExplanation("", _("You take part in its discussion: your reasons come first."), "")
    head, text = _observed_text(reason, key, row, widest=widest)
    if reason.kind is ReasonKind.RANDOM:
        head, text = _("Drawn at random."), " ".join(filter(None, (head, text)))
    more = [
        text,
        _agreeing_dimensions_text(row, key, reason),
        *_missing_side_texts(row.sample, rubric),
        _missing_scores_text(row, reason),
    ]
    return RankExplanation(head, " ".join(filter(None, more)), _judge_text(reason, row, key))


def dimension_key(entry: QueueEntry, rubric: RubricDefinition) -> str:
    """Return the key of the dimension that ranks an entry, or an empty text."""
    return next((dimension.key for dimension in rubric.dimensions if dimension.id == entry.dimension_id), "")


def _observed_text(reason: RankingReason, key: str, row: QueueRow, *, widest: bool) -> tuple[str, str]:
    words = {"key": key, "values": enumerate_values(reason.values)}
    if reason.final is not None:
        return _audit_text(reason, words, row, key)
    if row.entry.kind == QueueEntry.Kind.LABEL_NEXT and reason.ensemble_sd is not None:
        return _ensemble_spread_text(reason, words)
    if not reason.values:
        return _predicted_dispute_text(reason, words, row)
    if len(reason.values) == 1:
        return _one_score_text(reason, words, row)
    text = f"{_spread_text(reason, row, widest=widest)} {_prefilled_count_text(row)}".rstrip()
    return _("%(key)s %(values)s:") % words, text


def _spread_text(reason: RankingReason, row: QueueRow, *, widest: bool) -> str:
    spread = {"range": _format_level(reason.range or 0)}
    if not reason.range:
        return _agreed_text(reason, row)
    if widest:
        return _("a range of %(range)s, the widest of those in order.") % spread
    common = Counter(reason.values).most_common(1)[0][1]
    # Who met prefilled values is an annotator, too, and not among these.
    if len(reason.values) > common > 1 and common == len(reason.values) - 1 and not row.prefilled:
        return _("a range of %(range)s, and %(n)s of %(all)s annotators agree.") % {
            **spread,
            "n": common,
            "all": len(reason.values),
        }
    if reason.range <= FAR and reason.gap is not None and reason.gap > FAR and reason.expected is not None:
        above = reason.expected > sum(reason.values) / len(reason.values)
        sentence = _("a range of %(range)s; the judge is far above, at %(expected)s.") if above else ""
        sentence = sentence or _("a range of %(range)s; the judge is far below, at %(expected)s.")
        return sentence % {**spread, "expected": format_decimals(reason.expected, 1)}
    return _("a range of %(range)s.") % spread


def _agreed_text(reason: RankingReason, row: QueueRow) -> str:
    if _is_discussed(row):
        return _("they agree; %(but)s") % {"but": _discussed_text(row)}
    if row.met:
        # What was given or kept in view of the judge may differ all the same.
        return _far_judge_text(reason) or _("the independent values agree.")
    return _far_judge_text(reason) or _("nothing in dispute.")


def _far_judge_text(reason: RankingReason) -> str:
    if reason.gap is None or reason.gap <= FAR or reason.expected is None:
        return ""
    above = reason.expected > reason.values[0]
    sentence = _("they agree; the judge is far above, at %(expected)s.") if above else ""
    sentence = sentence or _("they agree; the judge is far below, at %(expected)s.")
    return sentence % {"expected": format_decimals(reason.expected, 1)}


def _one_score_text(reason: RankingReason, words: Mapping[str, str], row: QueueRow) -> tuple[str, str]:
    if row.prefilled:
        sentence = ngettext(
            "One independent score, %(key)s %(values)s, beside %(n)s that was prefilled",
            "One independent score, %(key)s %(values)s, beside %(n)s that were prefilled",
            row.prefilled,
        ) % {**words, "n": format_number(row.prefilled)}
    else:
        sentence = _("One score so far, %(key)s %(values)s") % words
    if reason.expected is not None:
        expected = {"known": sentence, "expected": format_decimals(reason.expected, 1)}
        return _("%(known)s, and the judge expects %(expected)s:") % expected, _outlook_text(reason, row)
    return (f"{sentence}:", _discussed_text(row)) if _is_discussed(row) else (f"{sentence}.", "")


def _predicted_dispute_text(reason: RankingReason, words: Mapping[str, str], row: QueueRow) -> tuple[str, str]:
    if row.prefilled:
        sentence = ngettext(
            "No independent score, only %(n)s that was prefilled",
            "No independent score, only %(n)s that were prefilled",
            row.prefilled,
        ) % {"n": format_number(row.prefilled)}
    elif _is_discussed(row):
        return "", _("It is in discussion.")
    else:
        sentence = _("No score yet")
    if reason.expected is not None:
        expected = {"known": sentence, "key": words["key"], "expected": format_decimals(reason.expected, 1)}
        return _("%(known)s; on %(key)s the judge expects %(expected)s:") % expected, _outlook_text(reason, row)
    if _is_discussed(row):
        return f"{sentence}:", _discussed_text(row)
    if row.prefilled:
        return "", _("%(known)s, and nothing else would move it up.") % {"known": sentence}
    return "", _("Nobody has scored it yet, and nothing else would move it up.")


def _prefilled_count_text(row: QueueRow) -> str:
    """Return how many prefilled scores there are beside the independent ones."""
    if not row.prefilled:
        return ""
    return ngettext("%(n)s more score was prefilled.", "%(n)s more scores were prefilled.", row.prefilled) % {
        "n": format_number(row.prefilled)
    }


def _is_discussed(row: QueueRow) -> bool:
    return row.sample.state == Sample.State.IN_DISCUSSION


def _discussed_text(row: QueueRow) -> str:
    """Return why a sample is in discussion although its independent values agree.

    As far as it is known.
    """
    if row.discussion is not None and row.discussion.because == Discussion.Because.REOPENED:
        return _("an admin reopened it.")
    # An entry follows its sample a moment later: the values may differ by now.
    if row.met and all(len(set(values)) == 1 for values in row.values.values()):
        return _("what differs was given in view of the judge.")
    return _("it is in discussion.")


def _outlook_text(reason: RankingReason, row: QueueRow) -> str:
    if _is_discussed(row):
        return _discussed_text(row)
    if reason.chance is None:
        return _("how people will differ is not foreseen.")
    if reason.chance >= LIKELY:
        return _("likely to be disputed.")
    return _("it may be disputed.") if reason.chance >= POSSIBLE else _("little speaks for a dispute.")


def _ensemble_spread_text(reason: RankingReason, words: Mapping[str, str]) -> tuple[str, str]:
    head = _("The judge’s models are apart on %(key)s:") % words
    metrics = {"sd": format_decimals(reason.ensemble_sd or 0, 2), "expected": format_decimals(reason.expected or 0, 1)}
    text = _("they spread by %(sd)s around %(expected)s.") % metrics
    if reason.place == 0:
        return head, f"{text} {_('The first of its kind of content.')}"
    if reason.place is not None:
        before = ngettext(
            "%(n)s of the same kind of content comes before it.",
            "%(n)s of the same kind of content come before it.",
            reason.place,
        )
        text = f"{text} {before % {'n': format_number(reason.place)}}"
    return head, text


def _audit_text(reason: RankingReason, words: Mapping[str, str], row: QueueRow, key: str) -> tuple[str, str]:
    final = {
        "key": words["key"],
        "final": _format_level(reason.final or 0),
        "expected": format_decimals(reason.expected or 0, 1),
    }
    head = _("%(key)s was agreed as %(final)s, and the judge expects %(expected)s:") % final
    if reason.half_widths is None:
        return head, ""
    judged = row.predictions.get(key)
    units = {"n": format_decimals(reason.half_widths, 1)}
    if judged is None or judged.interval is None:
        return head, _("%(n)s of its standard deviations apart.") % units
    if judged.interval[0] <= (reason.final or 0) <= judged.interval[1]:
        return head, _("within what it holds possible.")
    return head, _("%(n)s half widths of its interval away.") % units


def _agreeing_dimensions_text(row: QueueRow, key: str, reason: RankingReason) -> str:
    """Return on which other dimensions all scores agree, where this one is disputed."""
    if not reason.range or reason.final is not None:
        return ""
    same = [name for name, values in row.values.items() if name != key and len(values) > 1 and len(set(values)) == 1]
    if not same:
        return ""
    return ngettext("%(keys)s agrees.", "%(keys)s agree.", len(same)) % {"keys": enumerate_words(same)}


def _missing_side_texts(sample: Sample, rubric: RubricDefinition) -> list[str]:
    """Return which dimensions a missing side decides."""
    locked = locked_dimensions(rubric.dimensions, has_text=sample.has_text, has_image=sample.has_image)
    if not locked or (sample.has_text == sample.has_image):
        return []
    missing = _("No image, so") if sample.has_text else _("No text, so")
    groups: dict[float | None, list[str]] = {}
    for key, lock in locked.items():
        groups.setdefault(lock.value, []).append(key)
    return [f"{missing} {_decided_by_rule_text(keys, value)}" for value, keys in groups.items()]


def _decided_by_rule_text(keys: Sequence[str], value: float | None) -> str:
    about = {"keys": enumerate_words(list(keys)), "value": "" if value is None else _format_level(value)}
    if value is None:
        return ngettext("%(keys)s does not apply.", "%(keys)s do not apply.", len(keys)) % about
    return ngettext("%(keys)s is %(value)s.", "%(keys)s are %(value)s.", len(keys)) % about


def _missing_scores_text(row: QueueRow, reason: RankingReason) -> str:
    sample = row.sample
    missing = sample.scores_needed - sample.scores_in
    if sample.state not in (Sample.State.SCORING, Sample.State.IN_REVIEW) or missing <= 0:
        return ""
    if not reason.values and not row.prefilled:
        return ""
    return ngettext("%(n)s score to come.", "%(n)s scores to come.", missing) % {"n": format_number(missing)}


def _judge_text(reason: RankingReason, row: QueueRow, key: str) -> str:
    """Return what the judge expects, unless the sentence before it says so already."""
    parts = []
    judged = row.predictions.get(key)
    if reason.final is not None:
        if judged is not None and judged.interval is not None:
            low, high = (format_decimals(end, 1) for end in judged.interval)
            return _("It holds %(low)s to %(high)s possible.") % {"low": low, "high": high}
        return ""
    # With values of several people the sentence is about them.
    if reason.expected is not None and len(reason.values) > 1:
        parts.append(_("Judge expects %(value)s") % {"value": format_decimals(reason.expected, 1)})
    # Where all have scored nothing is left to chance.
    likely = None if _is_discussed(row) else reason.chance
    if (reason.range or 0) >= DISPUTE:
        # It has come true: what the judge held of it before is still worth knowing.
        likely = judged.p_dispute if judged is not None else None
    if likely is not None:
        chance = {"chance": format_decimals(likely, 2)}
        words = _("chance of a gap of 2 or more %(chance)s") if parts else _("Chance of a gap of 2 or more %(chance)s")
        parts.append(words % chance)
    return "; ".join(parts)


def enumerate_values(values: Sequence[float]) -> str:
    """Return values as one enumeration, without needless fractions."""
    return enumerate_words([_format_level(value) for value in values])


def _format_level(value: float) -> str:
    return f"{value:g}"
