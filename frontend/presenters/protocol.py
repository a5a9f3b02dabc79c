"""The words of a study's rules: consequences, changes of a version and forecast."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.studies.forecast import RuleForecast, WorkTime
from annotation.studies.protocol_rules import asks_one_more, find_preset_of_rules, people_needed

from . import suggestion_rules
from .vocabulary import COUNT_WORDS, format_percent

PRESET_TITLES: dict[str, Promise] = {
    "paper": lazy("As in the paper"),
    "single": lazy("One annotator"),
    "pair": lazy("Two annotators"),
    "strict": lazy("Strict"),
    "tolerant": lazy("Tolerant"),
    "crowd": lazy("Crowd"),
}
PRESET_SENTENCES: dict[str, Promise] = {
    "paper": lazy("Three score each sample, any difference is discussed, the high-rated are reviewed by somebody new."),
    "single": lazy("One person scores each sample and decides alone. For a first look, or where agreement is known."),
    "pair": lazy("Two score each sample, any difference is discussed."),
    "strict": lazy("Three score each sample, any difference is discussed, every agreed sample is reviewed."),
    "tolerant": lazy("Three score each sample, values at most 1 apart pass and the middle one counts."),
    "crowd": lazy("Five score each sample and the lower median decides. Nothing is discussed."),
}

RULE_NAMES: dict[str, Promise] = {
    "annotators_per_sample": lazy("annotators per sample"),
    "tolerance": lazy("tolerance"),
    "tie_rule": lazy("a middle that is no level"),
    "decide": lazy("differences are settled"),
    "cross_review": lazy("cross-review"),
    "review_share": lazy("share reviewed"),
    "review_threshold": lazy("high-rated from"),
    "reason_first": lazy("own reason first"),
    "discussion_days": lazy("days to agree"),
    "suggestions": lazy("the judge’s values"),
    "blind_share": lazy("samples without the judge"),
    "pull_limit": lazy("alarm when people follow the judge by more than"),
    "work_order": lazy("first come"),
    "lease_minutes": lazy("minutes reserved"),
    "undo_minutes": lazy("minutes to undo"),
}
CHOICE_WORDS: dict[tuple[str, Any], Promise] = {
    ("tie_rule", "discuss"): lazy("is discussed"),
    ("tie_rule", "lower"): lazy("gives way to the lower"),
    ("tie_rule", "third"): lazy("asks one more"),
    ("decide", "discuss"): lazy("by discussion"),
    ("decide", "aggregate"): lazy("by the lower median"),
    ("cross_review", "none"): lazy("none"),
    ("cross_review", "all"): lazy("all"),
    ("cross_review", "share"): lazy("a random share"),
    ("cross_review", "high"): lazy("the high-rated"),
    ("reason_first", True): lazy("yes"),
    ("reason_first", False): lazy("no"),
    ("discussion_days", None): lazy("no end"),
    ("suggestions", "none"): lazy("not shown"),
    ("suggestions", "delayed"): lazy("after own ones"),
    ("suggestions", "prefilled"): lazy("beforehand"),
    ("suggestions", "both"): lazy("after own ones or beforehand, by chance"),
    ("work_order", "even"): lazy("all alike"),
    ("work_order", "disputed"): lazy("the likely disputed"),
    ("work_order", "label_next"): lazy("those that teach a judge most"),
    ("review_threshold", None): lazy("none"),
}


def rule_value(field: str, value: Any) -> str:
    """Return the value of a rule in words."""
    choice = CHOICE_WORDS.get((field, value))
    if choice is not None:
        return str(choice)
    if field in ("review_share", "blind_share"):
        return format_percent(value)
    return f"{value:g}"


def rule_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what a version changed: rule, value before, value after."""
    return [
        (str(RULE_NAMES[field]), rule_value(field, before[field]), rule_value(field, value))
        for field, value in after.items()
        if field in RULE_NAMES
    ]


def preset_title(name: str) -> str:
    """Return the title of a preset, or that the protocol is the study's own."""
    return str(PRESET_TITLES[name]) if name in PRESET_TITLES else _("A protocol of its own")


def rule_consequences(
    rules: Mapping[str, Any], levels: Sequence[Sequence[float]], *, pool_share: float | None = None
) -> list[tuple[str, str]]:
    """Return what the rules will do with a sample, as headings and sentences.

    ``pool_share`` is the share of the questions in the study's test pool; None: it is not reserved yet.
    """
    steps = [(_("Scoring"), _scoring_text(rules))]
    if rules["suggestions"] != "none":
        steps.append((_("The judge"), suggestion_rules.suggestion_rules_text(rules, pool_share=pool_share)))
    if rules["work_order"] != "even":
        steps.append((_("Order"), suggestion_rules.work_order_text(rules["work_order"])))
    steps.append((_("Deciding"), _deciding_text(rules, levels)))
    if rules["cross_review"] != "none":
        steps.append((_("Cross-review"), _review_text(rules)))
    if can_be_discussed(rules):
        steps.append((_("Discussion"), _discussion_text(rules)))
    return steps


def can_be_discussed(rules: Mapping[str, Any]) -> bool:
    """Tell whether a sample can be discussed under these rules."""
    several = rules["annotators_per_sample"] > 1 or rules["cross_review"] != "none"
    return several and rules["decide"] == "discuss"


def _scoring_text(rules: Mapping[str, Any]) -> str:
    k = rules["annotators_per_sample"]
    annotators = ngettext(
        "%(k)s annotator scores each sample.",
        "%(k)s annotators score each sample, none of them knowing of the others.",
        k,
    ) % {"k": COUNT_WORDS.get(k, str(k))}
    lease = ngettext(
        "It is reserved for each for %(n)s minute, longer while the page is open",
        "It is reserved for each for %(n)s minutes, longer while the page is open",
        rules["lease_minutes"],
    ) % {"n": rules["lease_minutes"]}
    undo = ngettext(
        "a score can be undone for %(n)s minute as long as nothing is decided.",
        "a score can be undone for %(n)s minutes as long as nothing is decided.",
        rules["undo_minutes"],
    ) % {"n": rules["undo_minutes"]}
    if not rules["undo_minutes"]:
        undo = _("a score cannot be undone.")
    return _("%(who)s %(lease)s; %(undo)s") % {"who": annotators, "lease": lease, "undo": undo}


def _deciding_text(rules: Mapping[str, Any], levels: Sequence[Sequence[float]]) -> str:
    if not can_be_discussed(rules) and rules["decide"] == "discuss":
        return _("The one value given on a dimension is the final one.")
    if rules["decide"] == "aggregate":
        return _("On each dimension the lower of the middle values is the final one, however far the values lie apart.")
    tolerance = rules["tolerance"]
    if not tolerance:
        return _("Where all give the same value on a dimension it is agreed. Any difference is discussed.")
    gaps = [high - low for values in levels for low, high in zip(sorted(values), sorted(values)[1:], strict=False)]
    widest = max((max(values) - min(values) for values in levels), default=0)
    if gaps and tolerance < min(gaps):
        return _("No two levels are as close as %(tolerance)g, so any difference is discussed, as with 0.") % {
            "tolerance": tolerance
        }
    passing = _("Values at most %(tolerance)g apart pass, and the middle one is final.") % {"tolerance": tolerance}
    if widest and tolerance >= widest:
        wider = _("No two levels are further apart, so differences are never discussed by themselves.")
    else:
        wider = _("Wider differences are discussed.")
    tie = ""
    if rules["annotators_per_sample"] % 2 == 0 or rules["cross_review"] != "none":
        tie = {
            "discuss": _("Where the middle is no level, they discuss all the same."),
            "lower": _("Where the middle is no level, the lower of the two values around it is final."),
            "third": _("Where the middle is no level, one more annotator is asked, once."),
        }[rules["tie_rule"]]
    return " ".join(part for part in (passing, wider, tie) if part)


def _review_text(rules: Mapping[str, Any]) -> str:
    samples = {
        "all": _("Every agreed sample"),
        "share": _("A random %(share)s of the agreed samples") % {"share": format_percent(rules["review_share"])},
        "high": _("Each agreed sample with at least %(least)s on every dimension")
        % {"least": _("some level") if rules["review_threshold"] is None else f"{rules['review_threshold']:g}"},
    }[rules["cross_review"]]
    return _(
        "%(what)s goes to somebody new, who scores it like any other and is not told that it is a review. "
        "Where all values agree it is closed as reviewed; otherwise the reviewer takes part in the discussion."
    ) % {"what": samples}


def _discussion_text(rules: Mapping[str, Any]) -> str:
    first = (
        _("Everybody gives an own reason before seeing what the others gave.")
        if rules["reason_first"]
        else _("Everybody sees at once what the others gave, under pseudonyms.")
    )
    close = _("A dimension closes when all who take part stand on one value; there is no vote.")
    if rules["discussion_days"] is None:
        end = _("There is no time limit.")
    else:
        end = ngettext(
            "After %(n)s day without agreement the admins decide, with a reason.",
            "After %(n)s days without agreement the admins decide, with a reason.",
            rules["discussion_days"],
        ) % {"n": rules["discussion_days"]}
    return f"{first} {close} {end}"


def people_needed_text(rules: Mapping[str, Any], able: int, *, admins: int = 0) -> str:
    """Return how many people a sample takes, and how many can score.

    ``admins`` of those lead the study.
    """
    least, most = rules["annotators_per_sample"], people_needed(rules)
    takes = ngettext("A sample takes %(n)s person", "A sample takes %(n)s different people", least) % {"n": least}
    extra = []
    if rules["cross_review"] != "none" and rules["decide"] != "aggregate":
        extra.append(_("one more for the review"))
    if asks_one_more(rules):
        extra.append(_("one more for a tie"))
    if extra:
        takes = _("%(takes)s, %(extra)s") % {"takes": takes, "extra": ", ".join(extra)}
    there = ngettext("%(n)s could score here now.", "%(n)s could score here now.", able) % {
        "n": COUNT_WORDS.get(able, str(able)) if able else _("Nobody")
    }
    if able == most:
        there = _("%(there)s If one of them is away, samples wait.") % {"there": there}
    if admins and able - admins < most:
        leading = ngettext(
            "Counted in is %(n)s admin, who cannot score what they have looked into.",
            "Counted in are %(n)s admins, who cannot score what they have looked into.",
            admins,
        ) % {"n": admins}
        there = f"{there} {leading}"
    return f"{takes}. {there}"


def forecast_evaluated_on(forecast: RuleForecast) -> str:
    """Return what a forecast was evaluated on, as sentences."""
    if not forecast.rows:
        return forecast.needed
    samples = ngettext(
        "From the scores of %(n)s sample, for all %(of)s.",
        "From the scores of %(n)s samples drawn at random, for all %(of)s.",
        forecast.samples,
    ) % {
        "n": number_format(forecast.samples, force_grouping=True),
        "of": number_format(forecast.sample_count, force_grouping=True),
    }
    scoring = _work_time_text(
        forecast.scoring,
        _("%(n)s seconds a score, as measured"),
        _("%(n)s seconds a score, assumed: too few were timed"),
    )
    discussing = _work_time_text(
        forecast.discussing,
        _("%(n)s seconds a person and disputed dimension, as measured"),
        _("%(n)s seconds a person and disputed dimension, assumed: too few were discussed"),
    )
    return _("%(seen)s Hours: %(scoring)s; %(discussing)s.") % {
        "seen": samples,
        "scoring": scoring,
        "discussing": discussing,
    }


def _work_time_text(time: WorkTime, measured: str, assumed: str) -> str:
    return (measured if time.measured else assumed) % {"n": number_format(time.seconds, decimal_pos=0)}


def format_hours(value: float) -> str:
    """Return hours of work, with a decimal below ten."""
    return number_format(value, decimal_pos=1 if 0 < value < 10 else 0, force_grouping=True)


def format_interval(low: float, high: float) -> str:
    """Return an interval of a share in per cent."""
    return _("%(low)s–%(high)s %%") % {"low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"}


def preset_title_of_rules(rules: Mapping[str, Any]) -> str:
    """Return the title of the preset that these rules are."""
    return preset_title(find_preset_of_rules(rules))
