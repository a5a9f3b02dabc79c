"""What those who lead a study have to look at, with numbers and links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.discussions.deadlines import handed_over_condition
from annotation.jobs import list as job_list
from annotation.models import Discussion, Job, Member, Participant, Protocol, Sample, Skip, Stance, Study
from annotation.models.jobs import UNFINISHED

from . import influence_text, jobs, vocabulary
from .annotator_remarks import format_two_decimals
from .annotators import AnnotatorBoardRow
from .stored_reports import People, StudyReports

# Older ones have been seen and left as they are.
RECENT = timedelta(days=14)
NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class TodoItem:
    """Something that somebody has to look at."""

    count: int
    label: str
    url: str
    detail: str


def todo_items(
    study: Study, protocol: Protocol, annotators: Sequence[AnnotatorBoardRow], reports: StudyReports, people: People
) -> list[TodoItem]:
    """Return everything that has to be looked at, the most urgent first."""
    now = timezone.now()
    sources: tuple[Callable[[], list[TodoItem]], ...] = (
        lambda: _study_items(study, protocol),
        lambda: _discussion_items(study, now),
        lambda: _absent_people_items(study),
        lambda: _blocked_sample_items(study),
        lambda: _anchoring_items(study, reports),
        lambda: _rubber_stamp_items(study, reports, people),
        lambda: _drift_items(study, annotators),
        lambda: _import_items(study, now),
        lambda: _running_job_items(study),
    )
    return [item for source in sources for item in source()]


def _study_items(study: Study, protocol: Protocol) -> list[TodoItem]:
    items = []
    if study.state != Study.State.RUNNING:
        detail = _("the study is %(state)s") % {"state": vocabulary.stored_word(study.state)}
        items.append(TodoItem(1, _("nobody can score"), reverse("settings", args=[study.slug]), detail))
    with_login = Member.objects.filter(study=study, state=Member.State.ACTIVE, user__isnull=False).exclude(
        role=Member.Role.RESEARCHER
    )
    scoring = dict(with_login.values_list("role").annotate(n=Count("pk")))
    people = reverse("people", args=[study.slug])
    if not scoring.get(Member.Role.ANNOTATOR):
        items.append(TodoItem(0, _("annotators"), people, _("invite them by a link")))
    elif sum(scoring.values()) < protocol.annotators_per_sample and study.state == Study.State.RUNNING:
        detail = _("each sample needs %(k)s, admins who score included") % {"k": protocol.annotators_per_sample}
        count = sum(scoring.values())
        label = ngettext("person who can score", "people who can score", count)
        items.append(TodoItem(count, label, people, detail))
    return items


def _discussion_items(study: Study, now: datetime) -> list[TodoItem]:
    rows = Discussion.objects.filter(handed_over_condition(now), study=study)
    count = rows.count()
    if not count:
        return []
    oldest = rows.select_related("sample").order_by("due_at", "pk")[0]
    topics = {
        row.dimension_id: row.dimension.key for row in oldest.topics.filter(closed_at=None).select_related("dimension")
    }
    ranges = (
        Stance.objects.filter(participant__discussion=oldest, dimension__in=topics, level__isnull=False)
        .values_list("dimension")
        .annotate(low=Min("level__value"), high=Max("level__value"))
        .order_by("dimension__position")
    )
    ranges_text = ", ".join(f"{topics[pk]} {low:g}–{high:g}" for pk, low, high in ranges)
    late = (now - oldest.due_at).days if oldest.due_at and oldest.due_at < now else 0
    age = (
        ngettext("the oldest %(n)s day late", "the oldest %(n)s days late", late) % {"n": late}
        if late
        else _("the oldest")
    )
    detail = _("%(age)s: sample %(sample)s") % {"age": age, "sample": oldest.sample.external_id[:40]}
    label = ngettext("discussion to decide", "discussions to decide", count)
    url = reverse("discussions", args=[study.slug])
    return [TodoItem(count, label, url, f"{detail}, {ranges_text}" if ranges_text else detail)]


def _absent_people_items(study: Study) -> list[TodoItem]:
    """Return the people whom open discussions wait for and who are paused or gone."""
    rows = (
        Participant.objects.filter(
            discussion__study=study, discussion__state=Discussion.State.OPEN, state=Participant.State.ACTIVE, waits=True
        )
        .exclude(member__state=Member.State.ACTIVE)
        .values_list("member__name", "member__state")
        .annotate(n=Count("discussion", distinct=True))
        .order_by("-n", "member__name")
    )
    people = list(rows)
    if not people:
        return []
    texts = [
        _("%(name)s (%(state)s) in %(n)s") % {"name": name, "state": vocabulary.stored_word(state), "n": n}
        for name, state, n in people
    ]
    label = ngettext("absent person awaited", "absent people awaited", len(people))
    return [TodoItem(len(people), label, reverse("discussions", args=[study.slug]), _first_few(texts))]


def _blocked_sample_items(study: Study) -> list[TodoItem]:
    blocked = Sample.objects.filter(study=study, state=Sample.State.BLOCKED)
    reasons = dict(blocked.values_list("state_reason").annotate(n=Count("pk")))
    count = sum(reasons.values())
    if not count:
        return []
    skips = (
        Skip.objects.filter(assignment__sample__in=blocked.values("pk"))
        .values_list("reason")
        .annotate(n=Count("pk"))
        .order_by("-n", "reason")
    )
    texts = [f"“{vocabulary.stored_word(reason)}”" for reason, _n in skips[:NAMED_AT_MOST]]
    if reasons.get("nobody_eligible"):
        texts.append(_("nobody may score %(n)s of them") % {"n": vocabulary.format_number(reasons["nobody_eligible"])})
    label = ngettext("blocked sample", "blocked samples", count)
    url = reverse("samples", args=[study.slug]) + "?state=blocked"
    return [TodoItem(count, label, url, ", ".join(texts) or _("skipped so often that nobody is left to score them"))]


def _anchoring_items(study: Study, reports: StudyReports) -> list[TodoItem]:
    """Return where anchoring exceeds the study's limit."""
    alarms = influence_text.rows_with_alarm(reports.influence)
    if reports.influence is None or not alarms:
        return []
    both = len({row["arm"] for row in reports.influence["rows"]}) > 1
    label = ngettext("pull beyond the limit", "pulls beyond the limit", len(alarms))
    worst = sorted(alarms, key=lambda row: -row["pull"])
    detail = _("the judge moves people; limit %(limit)s: %(some)s") % {
        "limit": format_two_decimals(reports.influence["limit"]),
        "some": _first_few([influence_text.alarm_text(row, both=both) for row in worst], "; "),
    }
    return [TodoItem(len(alarms), label, reverse("influence", args=[study.slug]), detail)]


def _rubber_stamp_items(study: Study, reports: StudyReports, people: People) -> list[TodoItem]:
    """Return the annotators whose prefilled answers look like rubber stamps."""
    rows = influence_text.rubber_stamp_rows(reports.influence)
    if not rows:
        return []
    label = ngettext("possible rubber stamp", "possible rubber stamps", len(rows))
    url = (
        reverse("member", args=[study.slug, rows[0]["member"]])
        if len(rows) == 1
        else reverse("influence", args=[study.slug]) + "#h-people"
    )
    texts = [f"{people.name_of(row['member'])} {influence_text.rubber_stamp_text(row)}" for row in rows]
    return [TodoItem(len(rows), label, url, _first_few(texts, "; "))]


def _drift_items(study: Study, annotators: Sequence[AnnotatorBoardRow]) -> list[TodoItem]:
    changed = [row for row in annotators if row.changed]
    if not changed:
        return []
    first = changed[0]
    url = (
        reverse("member", args=[study.slug, first.member.public_id])
        if len(changed) == 1
        else reverse("study", args=[study.slug]) + "#h-annotators"
    )
    label = ngettext("annotator drifting", "annotators drifting", len(changed))
    return [TodoItem(len(changed), label, url, _first_few([f"{row.name}: {row.remarks}" for row in changed], "; "))]


def _import_items(study: Study, now: datetime) -> list[TodoItem]:
    recent = Job.objects.filter(study=study, kind__in=jobs.IMPORTS, created_at__gte=now - RECENT).order_by(
        "-created_at"
    )
    rows = list(job_list.list_jobs(recent).annotate(first_reason=F("result__errors__0__message"))[:50])
    items = []
    failed = [row for row in rows if row.state == Job.State.FAILED]
    if failed:
        label = ngettext("failed import", "failed imports", len(failed))
        url = reverse("jobs", args=[study.slug]) + "?state=failed"
        items.append(TodoItem(len(failed), label, url, _dated_text(failed[0], failed[0].error)))
    last_import: Any = next(
        (row for row in rows if row.state == Job.State.DONE and not row.arguments.get("dry_run")), None
    )
    if last_import is not None and last_import.said_refused:
        count = last_import.said_refused
        label = ngettext("refused line", "refused lines", count)
        url = reverse("job", args=[study.slug, last_import.public_id])
        items.append(TodoItem(count, label, url, _dated_text(last_import, last_import.first_reason or "")))
    return items


def _running_job_items(study: Study) -> list[TodoItem]:
    """Return the jobs that wait or run.

    Nothing has to be done about them, but somebody may have left one.
    """
    rows = list(Job.objects.filter(study=study, state__in=UNFINISHED).order_by("created_at").defer("result"))
    if not rows:
        return []
    label = ngettext("job at work", "jobs at work", len(rows))
    texts = [jobs.job_title(row) + (f" {100 * row.done // row.total} %" if row.total else "") for row in rows]
    return [TodoItem(len(rows), label, reverse("jobs", args=[study.slug]), _first_few(texts))]


def _dated_text(job: Job, why: str) -> str:
    day = date_format(timezone.localtime(job.finished_at or job.created_at), "MONTH_DAY_FORMAT")
    return f"{day}: {why[:120]}" if why else day


def _first_few(texts: Sequence[str], between: str = ", ") -> str:
    more = len(texts) - NAMED_AT_MOST
    text = between.join(texts[:NAMED_AT_MOST])
    return text if more <= 0 else _("%(some)s and %(n)s more") % {"some": text, "n": more}
