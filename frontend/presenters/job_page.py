"""The context of a job's page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.core import permissions
from annotation.jobs import queueing as services
from annotation.models import Job, Sample, Study, User
from annotation.models.jobs import UNFINISHED
from annotation.scoring.exposures import record_exposure

from . import jobs

SHOWN_REFUSALS = 200
SHOWN_LOG = 20


def job_page(job: Job, study: Study, *, user: User) -> dict[str, Any]:
    """Return the context of a job's page.

    Whoever looks at a preview of samples that are in the study by now never scores them as independent afterwards.
    """
    result: Mapping[str, Any] = job.result or {}
    pace = services.job_pace(job)
    dry_run = bool(job.arguments.get("dry_run"))
    done = job.state == Job.State.DONE
    leads = permissions.may_lead(user, study)
    takes = result.get("created", 0) + result.get("updated", 0)
    refusal = services.why_not_retry(job)
    preview = preview_samples(result.get("preview", [])) if leads else []
    _record_preview_exposure(preview, study, user)
    log = list(job.log_lines.order_by("-id")[: SHOWN_LOG + 1])
    return {
        "study": study,
        "job": job,
        "title": jobs.job_title(job),
        "said": jobs.progress_announcement(job),
        "asked": jobs.request_rows(job),
        "running": job.state in UNFINISHED,
        "who": jobs.requester_name(job, user, leads=leads),
        "percent": min(100, 100 * job.done // job.total) if job.total else None,
        "rate": jobs.format_rate(pace),
        "left": jobs.format_time_left(pace),
        "took": jobs.format_job_duration(job),
        "dry_run": dry_run,
        "result_counts": list(jobs.result_counts(result)),
        "takes": takes if done and dry_run else 0,
        "nothing_new": done and dry_run and not takes,
        "may_run": services.may_queue(user, study, job.kind) and done and dry_run and takes > 0,
        "notes": result.get("notes", []),
        "preview": preview,
        "errors": result.get("errors", [])[:SHOWN_REFUSALS],
        "refused": result.get("refused", 0),
        "more_errors": max(0, result.get("refused", 0) - SHOWN_REFUSALS),
        "may_retry": job.state in (Job.State.FAILED, Job.State.CANCELLED) and refusal is None,
        "why_not_again": refusal.message if refusal is not None and refusal.code == "input_gone" else "",
        "next_steps": _next_steps(job, study) if done and not dry_run else [],
        "log": [jobs.JobLogEntry.from_log_line(row) for row in reversed(log[:SHOWN_LOG])],
        "log_is_longer": len(log) > SHOWN_LOG,
    }


def preview_samples(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the samples of a preview with their blocks numbered as on the scoring page."""
    return [{**sample, "turns": list(_number_blocks(sample.get("turns", [])))} for sample in samples]


def _number_blocks(turns: Sequence[Mapping[str, Any]]) -> Any:
    texts = images = 0
    for turn in turns:
        blocks = []
        for block in turn.get("blocks", []):
            if "image" in block:
                images += 1
                blocks.append({**block, "number": f"I{images}", "is_picture": True})
            else:
                texts += 1
                blocks.append({**block, "number": f"T{texts}", "is_picture": False})
        yield {**turn, "blocks": blocks}


def _record_preview_exposure(preview: Sequence[Mapping[str, Any]], study: Study, user: User) -> None:
    member = permissions.find_member(user, study) if preview else None
    if member is not None:
        names = [sample["id"] for sample in preview]
        record_exposure(member=member, samples=list(Sample.objects.filter(study=study, external_id__in=names)))


def _next_steps(job: Job, study: Study) -> list[tuple[str, str]]:
    """Return links to what a finished job has made: labels and addresses."""

    def to(name: str, label: str) -> tuple[str, str]:
        return label, reverse(name, args=[study.slug])

    match job.kind:
        case "import_samples":
            steps = [to("samples", _("Look at the samples"))]
            if study.state == Study.State.DRAFT:
                steps.append(to("study", _("See what is missing before the study can start")))
            else:
                steps.append(to("people", _("See who scores them")))
        case "import_scores":
            steps = [to("study", _("See the board")), to("samples", _("Look at the samples"))]
        case "statistics":
            steps = [to("agreement", _("See the agreement")), to("study", _("See the board"))]
        case "move_samples":
            steps = [to("samples", _("Look at the samples")), to("settings", _("Back to the settings"))]
        case "release" | "render_release":
            release_id = (job.result or {}).get("release", "")
            steps = [(_("See the release and take its files away"), reverse("release", args=[study.slug, release_id]))]
        case "import_predictions":
            steps = [to("judges", _("See the judges"))]
        case "judge_train" | "judge_predict" | "judge_evaluate":
            about = (job.result or {}).get("run", "")
            steps = [(_("See the judge"), reverse("judge", args=[study.slug, about]))]
        case _:
            steps = [to("study", _("To the board"))]
    return steps
