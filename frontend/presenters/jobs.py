"""The words of jobs: title, arguments, progress and results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from annotation.imports.format_names import FORMATS
from annotation.imports.uploads import original_file_name
from annotation.jobs.eta import MINUTE, Pace, round_duration
from annotation.jobs.queueing import job_pace
from annotation.models import Job, JobLogLine, User

from . import vocabulary

IMPORTS = ("import_samples", "import_scores", "import_predictions")

# An argument that is a yes or no, in words where it is a yes.
FLAG_TEXTS = {
    "update": lazy("samples that have changed and that nobody has scored are replaced"),
    "complete": lazy("the scores are complete: samples with all of them go on"),
    "exact": lazy("refused where whole questions cannot reach the number"),
    "with_generator": lazy("it is said who made each sample"),
    "with_metadata": lazy("the samples’ metadata are kept"),
}
ARGUMENT_LABELS = {
    "path": lazy("On the server"),
    "images": lazy("Folder of the pictures"),
    "format": lazy("Format"),
    "question": lazy("Question of pictures without one"),
    "test_share": lazy("Share in test"),
    "test_count": lazy("Samples in test"),
    "formats": lazy("Files"),
}
# Names of rows, which say nothing to people.
HIDDEN_ARGUMENTS = ("dry_run", "release", "run")
RESULT_LABELS = (
    ("created", lazy("new")),
    ("updated", lazy("replaced")),
    ("unchanged", lazy("there already")),
    ("refused", lazy("refused")),
    ("moved", lazy("moved")),
)


def job_title(job: Job) -> str:
    """Return the title of a job, as the beginning of a sentence."""
    title = vocabulary.stored_word(job.kind)
    title = title[:1].upper() + title[1:]
    return _("%(what)s, dry run") % {"what": title} if job.arguments.get("dry_run") else title


def requester_name(job: Job, viewer: User, *, leads: bool) -> str:
    """Return who asked for a job.

    Only those who lead a study read other people's names.
    """
    requester = job.created_by
    return str(requester) if requester is not None and (leads or requester == viewer) else ""


def request_rows(job: Job) -> list[tuple[str, str]]:
    """Return the input and arguments of a job, as labels and texts."""
    rows = [(_("File"), original_file_name(job.file))] if job.file else []
    how = []
    for name, value in job.arguments.items():
        if name in FLAG_TEXTS:
            how += [str(FLAG_TEXTS[name])] if value else []
        elif name not in HIDDEN_ARGUMENTS and value not in ("", None, False):
            label = ARGUMENT_LABELS.get(name) or name.replace("_", " ").capitalize()
            file_format = FORMATS.get(value) if name == "format" else None
            rows.append((str(label), file_format.title if file_format else _argument_text(value)))
    if job.arguments.get("dry_run"):
        how.append(_("nothing is written"))
    return [*rows, (_("How"), "; ".join(how))] if how else rows


def _argument_text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return _("yes") if value is True else str(value)


def result_counts(result: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Return the counts of a result with their labels."""
    for name, label in RESULT_LABELS:
        if isinstance(result.get(name), int):
            yield str(label), result[name]
    for part, words in (("train", _("samples to train")), ("test", _("samples to test"))):
        if isinstance(result.get(part), dict):
            yield words, result[part]["samples"]


def format_duration(seconds: float) -> str:
    """Return a duration, no finer than people plan by."""
    if seconds < MINUTE:
        whole_seconds = max(1, round(seconds))
        return ngettext("%(n)s second", "%(n)s seconds", whole_seconds) % {"n": whole_seconds}
    days, hours, minutes = round_duration(seconds)
    parts = []
    if days:
        parts.append(ngettext("%(n)s day", "%(n)s days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes})
    return " ".join(parts)


def format_time_left(pace: Pace) -> str:
    """Return how long work still takes; nothing where that cannot be told."""
    if pace.seconds_left is None:
        return ""
    if pace.seconds_left < 10:
        return _("a few seconds left")
    if pace.seconds_left < MINUTE:
        return _("less than a minute left")
    return _("about %(span)s left") % {"span": format_duration(pace.seconds_left)}


def format_rate(pace: Pace) -> str:
    """Return how fast work is; nothing where that cannot be told."""
    if pace.per_second is None:
        return ""
    if pace.per_second < 1:
        return _("%(n)s a minute") % {
            "n": vocabulary.format_decimals(pace.per_second * MINUTE, 0 if pace.per_second > 0.2 else 1)
        }
    return _("%(n)s a second") % {"n": vocabulary.format_decimals(pace.per_second, 0 if pace.per_second >= 10 else 1)}


def format_job_duration(job: Job) -> str:
    """Return how long the last attempt of finished work took."""
    if job.started_at is None or job.finished_at is None or job.finished_at < job.started_at:
        return ""
    return format_duration((job.finished_at - job.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class ProgressAnnouncement:
    """The text about progress for screen readers.

    ``key`` changes when there is something new to read out.
    """

    key: str
    text: str


def progress_announcement(job: Job) -> ProgressAnnouncement:
    """Return what to read out: each change of state, and each quarter of the way."""
    name, state = job_title(job), vocabulary.stored_word(job.state)
    quarter = int(4 * job.done / job.total) if job.state == Job.State.RUNNING and job.total else 0
    if 0 < quarter < 4:
        text = _("%(name)s: %(percent)s %% done") % {"name": name, "percent": 25 * quarter}
        return ProgressAnnouncement(f"{job.state}-{quarter}", text)
    return ProgressAnnouncement(f"{job.state}-0", _("%(name)s: %(state)s") % {"name": name, "state": state})


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job in a list."""

    job: Job
    title: str
    requester: str
    summary: str
    percent: int | None
    time_left: str
    duration: str

    @classmethod
    def from_job(cls, job: Any, viewer: User, *, leads: bool) -> "JobLine":
        """Return the line of a job as `annotation.jobs.list` lists it."""
        counts = [(getattr(job, f"said_{name}", None), label) for name, label in RESULT_LABELS]
        about = [original_file_name(job.file)] if job.file else [str(job.arguments.get("path") or "")]
        about += [f"{vocabulary.format_number(count)} {label}" for count, label in counts if count]
        return cls(
            job=job,
            title=job_title(job),
            requester=requester_name(job, viewer, leads=leads),
            summary=", ".join(part for part in about if part),
            percent=min(100, 100 * job.done // job.total) if job.total else None,
            time_left=format_time_left(job_pace(job)),
            duration=format_job_duration(job),
        )


@dataclass(frozen=True, slots=True)
class JobLogEntry:
    """One line of a log, or a trace under its last line."""

    at: datetime
    text: str
    trace: str = ""

    @classmethod
    def from_log_line(cls, row: JobLogLine) -> "JobLogEntry":
        """Return a line, folded where it is long."""
        lines = row.line.strip().splitlines()
        if len(lines) < 2:
            return cls(row.at, row.line)
        return cls(row.at, lines[-1], row.line)
