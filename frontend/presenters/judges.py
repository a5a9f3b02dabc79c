"""The contexts of the pages of judges: the list of runs and one run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_content import questions_of
from annotation.jobs import queueing as services
from annotation.judges import list as judge_list
from annotation.judges.list import JudgeListRow
from annotation.judges.runs import EVALUATE, PREDICT
from annotation.models import Job, JudgeRun, Release, Sample, SamplePicture, Scorecard, Study, User
from annotation.models.jobs import UNFINISHED
from annotation.scoring.exposures import record_exposure

from . import annotator_remarks, jobs, vocabulary
from .scorecard import ShownSample, curve_charts, scorecard_view

TARGETS = ("final", "mean")
UNDEFINED = "–"


@dataclass(frozen=True, slots=True)
class JudgeRunRow:
    """One run in the list."""

    line: JudgeListRow
    percent: int | None
    metrics: list[tuple[str, str]]
    """For each dimension of the rubric the judge's RMSE, and the best baseline's."""

    @classmethod
    def from_list_row(cls, line: JudgeListRow, keys: Sequence[str]) -> "JudgeRunRow":
        """Return the row of a run, with the metrics of these dimensions."""
        metrics_by_key = {row["key"]: row for row in judge_list.judge_metrics(line.scorecard)} if line.scorecard else {}
        job = line.run.job if judge_list.is_training(line.run) else None
        return cls(
            line,
            percent=_percent_done(job) if job else None,
            metrics=[_rmse_and_best_baseline(metrics_by_key.get(key)) for key in keys],
        )


def _rmse_and_best_baseline(row: Mapping[str, Any] | None) -> tuple[str, str]:
    if row is None or row["rmse"] is None:
        return UNDEFINED, ""
    best = row["best_baseline"]
    return annotator_remarks.format_two_decimals(
        row["rmse"]
    ), "" if best is None else annotator_remarks.format_two_decimals(best)


def list_page(study: Study) -> dict[str, Any]:
    """Return the context of the list of a study's judges."""
    keys = [dimension.key for dimension in load_rubric(study.rubric_id).dimensions]
    rows = [JudgeRunRow.from_list_row(line, keys) for line in judge_list.list_runs(study)]
    active = next((row for row in rows if row.line.run.active), None)
    return {
        "keys": keys,
        "rows": rows,
        "active": active,
        "live": any(judge_list.is_training(row.line.run) for row in rows),
    }


def run_page(run: JudgeRun, user: User, *, target: str, release: str) -> dict[str, Any]:
    """Return the context of a run's page; ``release`` chooses its scorecard.

    Who looks at its worst misses sees final scores, and never scores those samples as independent afterwards.
    """
    study = run.study
    cards = list(run.scorecards.defer("pairs").select_related("release"))
    card = _choose_scorecard(cards, release, run)
    under_way = judge_list.is_training(run)
    context = {
        "study": study,
        "run": run,
        "state": judge_list.get_run_state(run),
        "under_way": under_way,
        "leads": permissions.may_lead(user, study),
        "target": target,
        "cards": cards,
        "card": card,
        "curves": curve_charts(run.curves),
        "about": run_details(run),
        "job": run.job,
        **training_progress(run.job if under_way else None),
    }
    if run.finished_at is not None:
        context |= _finished_run_context(run, cards)
    if card is not None:
        context["scorecard"] = scorecard_view(card.cards[target], _samples_of_worst_misses(card, target, study, user))
    return context


def _finished_run_context(run: JudgeRun, cards: Sequence[Scorecard]) -> dict[str, Any]:
    study = run.study
    present_samples = Sample.objects.filter(study=study).exclude(state=Sample.State.WITHDRAWN)
    evaluated_releases = {card.release_id for card in cards}
    jobs_of_run = Job.objects.filter(study=study, arguments__run=run.public_id).order_by("-created_at")
    return {
        "judged": run.predictions.filter(sample__in=present_samples).count(),
        "samples": present_samples.count(),
        "predicting": jobs_of_run.filter(kind=PREDICT, state__in=UNFINISHED).first(),
        "evaluating": jobs_of_run.filter(kind=EVALUATE, state__in=UNFINISHED).first(),
        "not_held": Release.objects.filter(study=study, rubric_id=run.rubric_id).exclude(pk__in=evaluated_releases),
        "others": JudgeRun.objects.filter(study=study, scorecards__release__in=evaluated_releases)
        .exclude(pk=run.pk)
        .distinct(),
    }


def training_progress(job: Job | None) -> dict[str, Any]:
    """Return the progress of a training, as a job's page shows it."""
    if job is None:
        return {}
    pace = services.job_pace(job)
    return {
        "percent": _percent_done(job),
        "rate": jobs.format_rate(pace),
        "left": jobs.format_time_left(pace),
        "said": jobs.progress_announcement(job),
    }


def _percent_done(job: Job) -> int | None:
    return min(100, 100 * job.done // job.total) if job.total else None


def _choose_scorecard(cards: Sequence[Scorecard], release: str, run: JudgeRun) -> Scorecard | None:
    """Return the scorecard to show.

    That of the requested release, else that of the release the run learned from, else the newest.
    """
    of_requested_release = [card for card in cards if card.release.public_id == release]
    of_training_release = [card for card in cards if card.release_id == run.release_id]
    newest = sorted(cards, key=lambda card: -card.release.number)
    return next(iter([*of_requested_release, *of_training_release, *newest]), None)


def _samples_of_worst_misses(card: Scorecard, target: str, study: Study, user: User) -> dict[str, ShownSample]:
    names = {miss["id"] for row in card.cards[target]["dimensions"] for miss in row["worst"]}
    samples = list(Sample.objects.filter(study=study, external_id__in=names))
    member = permissions.find_member(user, study)
    if member is not None and permissions.may_score(member):
        record_exposure(member=member, samples=samples)
    keys = [sample.pk for sample in samples]
    questions = questions_of(keys)
    pictures = dict(
        SamplePicture.objects.filter(sample__in=keys).order_by("-position").values_list("sample_id", "public_id")
    )
    return {
        sample.external_id: ShownSample(
            url=reverse("sample", args=[study.slug, sample.public_id]),
            question=questions.get(sample.pk, "").strip().partition("\n")[0],
            thumb=reverse("api:picture", args=[pictures[sample.pk], "web"]) if sample.pk in pictures else "",
            name=sample.external_id,
        )
        for sample in samples
    }


def run_details(run: JudgeRun) -> list[tuple[str, str]]:
    """Return the details of a run, as labels and texts."""
    rows: list[tuple[str, str]] = [(_("Called"), run.name)]
    if run.backend:
        rows.append((_("Backend"), f"{run.backend}, {run.preset}"))
    if run.options:
        rows.append((_("Options"), ", ".join(f"{name} = {value}" for name, value in run.options.items())))
    config = run.config or {}
    if config:
        data = config["data"]
        rows += [(label, _samples_and_questions(data[name])) for name, label in _data_labels() if data[name]["samples"]]
        # Runs of an earlier version call it none where there were no calibration samples.
        if "out of fold" in data["calibration_source"] or (
            run.backend == "embedded" and data["calibration_source"] == "none"
        ):
            rows.append((_("Calibrated on"), _("what its parts said of samples whose questions they had not seen")))
        rows.append((_("Seed"), str(config["seed"])))
        rows.append((_("Release’s checksum"), config["release_sha256"]))
        rows.append((_("Code"), config["code_version"]))
        libraries = ", ".join(f"{name} {version}" for name, version in config["libraries"].items())
        rows.append((_("Libraries"), libraries))
    if run.prompt_sha:
        rows.append((_("Prompt’s checksum"), run.prompt_sha))
    if run.archive_sha256:
        rows.append((_("Folder’s checksum"), run.archive_sha256))
    return rows


def _data_labels() -> Sequence[tuple[str, str]]:
    return ("learn", _("Learned from")), ("calibrate", _("Calibrated on")), ("test", _("Held to"))


def _samples_and_questions(data: Mapping[str, int]) -> str:
    counts = {name: vocabulary.format_number(count) for name, count in data.items()}
    return _("%(samples)s samples of %(questions)s questions") % counts
