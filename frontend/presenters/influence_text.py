"""The sentences of the influence report: finding, basis and rubber stamps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import JudgeRun, Protocol, Study

from . import vocabulary
from .agreement import format_percent
from .annotator_remarks import format_two_decimals

ARMS = {"blind": lazy("blind"), "delayed": lazy("delayed"), "prefilled": lazy("prefilled")}

Report = Mapping[str, Any]


def summary_sentence(report: Report, rubric: RubricDefinition) -> str:
    """Return the sentence that the report opens with.

    It says where anchoring exceeds the limit, or that it does not.
    """
    names = {dimension.key: dimension.name for dimension in rubric.dimensions}
    limit = format_two_decimals(report["limit"])
    alarms = rows_with_alarm(report)
    if alarms:
        worst = max(alarms, key=lambda row: row["pull"])
        others = len({row["dimension"] for row in alarms}) - 1
        words = {"pull": format_two_decimals(worst["pull"]), "limit": limit, "what": names.get(worst["dimension"], "")}
        if worst["dimension"] is None:
            return _("The judge pulls people %(pull)s of the way to its values, beyond the limit of %(limit)s") % words
        text = (
            _("On %(what)s the judge pulls people %(pull)s of the way to its values, beyond the limit of %(limit)s")
            % words
        )
        if not others:
            return text
        more = ngettext("; so it does on %(n)s more dimension", "; so it does on %(n)s more dimensions", others)
        return text + more % {"n": others}
    overall_rows = [row for row in report["rows"] if row["dimension"] is None and row["pull"] is not None]
    if not overall_rows:
        return _("How far the judge pulls people cannot be told yet")
    most = max(overall_rows, key=lambda row: row["pull"])
    words = {
        "pull": format_two_decimals(most["pull"]),
        "limit": limit,
        "high": format_two_decimals(most["interval"][1]),
    }
    if most["pull"] > report["limit"]:
        return _("The judge seems to pull people %(pull)s of the way to its values, but it may be chance") % words
    if most["interval"][1] > report["limit"]:
        text = _(
            "The judge pulls people %(pull)s of the way to its values, within the limit of %(limit)s, "
            "though it may be %(high)s"
        )
        return text % words
    return _("The judge pulls people %(pull)s of the way to its values, within the limit of %(limit)s") % words


def rows_with_alarm(report: Report | None) -> list[Mapping[str, Any]]:
    """Return the rows with an alarm.

    Those of dimensions, or where there are none those of all dimensions together.
    """
    rows = [row for row in (report or {}).get("rows", []) if row["alarm"]]
    return [row for row in rows if row["dimension"] is not None] or rows


def alarm_text(row: Mapping[str, Any], *, both: bool) -> str:
    """Return one alarm in a few words; ``both``: the study knows more than one arm."""
    dimension = row["dimension"] or _("all dimensions")
    if both:
        dimension = f"{dimension} ({ARMS[row['arm']]})"
    return _("%(what)s %(pull)s, from %(low)s to %(high)s") % {
        "what": dimension,
        "pull": format_two_decimals(row["pull"]),
        "low": format_two_decimals(row["interval"][0]),
        "high": format_two_decimals(row["interval"][1]),
    }


def evaluated_on_text(report: Report) -> str:
    """Return what the report was evaluated on."""
    values = sum(row["values"] for row in report["rows"] if row["dimension"] is None)
    blind = max((row["blind_values"] for row in report["rows"] if row["dimension"] is None), default=0)
    people = len({row["member"] for row in report["people"]})
    text = ngettext(
        "%(values)s values that the judge suggested to %(people)s annotator, beside %(blind)s that were given blind in "
        "the same time.",
        "%(values)s values that the judge suggested to %(people)s annotators, beside %(blind)s that were given blind "
        "in the same time.",
        people,
    )
    counts = {"values": values, "blind": blind, "people": people}
    return text % {name: vocabulary.format_number(count) for name, count in counts.items()}


def rubber_stamp_text(row: Mapping[str, Any]) -> str:
    """Return why somebody's prefilled answers look like a rubber stamp."""
    words = {
        "changed": vocabulary.format_number(row["changed"]),
        "values": vocabulary.format_number(row["values"]),
        "blind": format_percent(row["coincidence"]),
        "seconds": f"{row['seconds']:.0f}",
        "usual": f"{row['blind_seconds']:.0f}",
    }
    if row["blind_seconds_of_all"]:
        text = _(
            "changed %(changed)s of %(values)s prefilled values (blind %(blind)s would agree), in %(seconds)s s a "
            "sample where people take %(usual)s s blind"
        )
    else:
        text = _(
            "changed %(changed)s of %(values)s prefilled values (blind %(blind)s would agree), in %(seconds)s s a "
            "sample instead of their own %(usual)s s blind"
        )
    return text % words


def rubber_stamp_rows(report: Report | None) -> list[Mapping[str, Any]]:
    """Return the rows of those whose answers look like a rubber stamp."""
    return [row for row in (report or {}).get("people", []) if row["rubber_stamp"]]


@dataclass(frozen=True, slots=True)
class MissingRequirement:
    """A requirement for showing suggestions, and the page where it is met."""

    text: str
    url: str
    link_text: str


def missing_requirements(study: Study, protocol: Protocol) -> Sequence[MissingRequirement]:
    """Return what prevents suggestions from being shown to annotators.

    Nothing where it is only a matter of time.
    """
    settings_url = reverse("settings", args=[study.slug])
    missing = [
        MissingRequirement(reason, settings_url, _("Change the rules"))
        for reason in _rules_against_suggestions(protocol)
    ]
    if not JudgeRun.objects.filter(study=study, active=True).exists():
        missing.append(
            MissingRequirement(
                _("No judge is active whose values could be shown."),
                reverse("judges", args=[study.slug]),
                _("Choose a judge"),
            )
        )
    return missing


def _rules_against_suggestions(protocol: Protocol) -> list[str]:
    """Return which rules prevent suggestions; see `annotation.suggestions.arms`."""
    reasons = []
    if protocol.suggestions == Protocol.Suggestions.NONE:
        reasons.append(_("The rules of this study let no annotator meet a judge."))
    if protocol.blind_share >= 1:
        reasons.append(_("By the rules of this study all samples are wholly blind: nobody meets a judge on those."))
    if protocol.annotators_per_sample == 1:
        reasons.append(
            _("The rules of this study have one annotator score each sample, and one score of each is always blind.")
        )
    return reasons


def reading_guide(limit: float) -> list[tuple[str, str]]:
    """Return how to read the metrics, as terms and explanations."""
    return [
        (
            _("Pull"),
            _(
                "How many levels people move for each level that the judge’s value lies apart from theirs: 0 not at "
                "all, 1 they take it over. The study’s limit is %(limit)s; an alarm is given where the pull is larger "
                "and its interval lies above 0."
            )
            % {"limit": format_two_decimals(limit)},
        ),
        (
            _("Delayed"),
            _(
                "Own values were locked before the judge’s were shown, so it is known what each would have said: the "
                "slope of the change on the distance, exact."
            ),
        ),
        (
            _("Prefilled"),
            _(
                "What somebody would have said is not known; the blind values that others gave the same sample stand "
                "in for it. They err, too, and by the same amount on both sides of the comparison, which looks like a "
                "pull: the plain slope. The pull has that taken off, by how far two blind values of one sample differ. "
                "It is undefined where the judge lies no further from people than they from each other."
            ),
        ),
        (
            _("95 % interval"),
            _(
                "Where the figure would lie in 95 of 100 studies like this one, by drawing the questions again and "
                "again (bootstrap), with all that belongs to each."
            ),
        ),
        (
            _("Accepted, blind coincidence"),
            _(
                "Share of suggested values that ended at the level shown; and share of blind values that are what the "
                "judge showed to others or would have shown, on mixed and on wholly blind samples. People agree with a "
                "good judge without seeing it: only what is above that is its doing."
            ),
        ),
        (
            _("A@1, RMSE"),
            _(
                "Share of values at most one point from the judge’s level, and its root mean squared error, as a "
                "scorecard has them. On values given with its help a judge looks better than it is; only the blind row "
                "measures it, and no scorecard counts the others."
            ),
        ),
        (
            _("Rubber stamp"),
            _(
                "At least 20 prefilled values, 95 % of them or more left as they were, clearly more than agree blind "
                "(binomial, 1 %), and in less than half of the time that they take blind. A reason to ask, no verdict."
            ),
        ),
    ]
