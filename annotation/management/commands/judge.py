"""Train a judge on a release of a study, have it judge the study, hold it to people, make it the active one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from annotation.jobs import queueing
from annotation.judges import runs
from annotation.judges.request import DEFAULT_SEED, TrainingRequest, parse_options
from annotation.management.database import DataCommand
from annotation.management.jobs import carry_out
from annotation.management.progress import ProgressStream
from annotation.management.refusals import print_refusals, the_study
from annotation.models import Job, JudgeRun, Release, Study


class Command(DataCommand):
    help = "Judges of a study: train one on a release, let it predict, evaluate it against people, activate it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="train|predict|evaluate|activate")
        train = verbs.add_parser("train", help="train a judge on a release and hold it to the release's test part")
        predict = verbs.add_parser("predict", help="judge every sample of the study that the run has not judged yet")
        evaluate = verbs.add_parser("evaluate", help="hold a run to the test part of a release and print its scorecard")
        activate = verbs.add_parser("activate", help="make a run the study's judge")
        for verb in (train, predict, evaluate, activate):
            verb.add_argument("slug", metavar="SLUG")
        train.add_argument("--release", type=int, metavar="N", help="default: the newest")
        train.add_argument("--backend", default="embedded")
        train.add_argument("--preset", default="", help="default: the backend's own")
        train.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option of the backend")
        train.add_argument("--name", default="", help="how its predictions name it; default: SLUG-NUMBER")
        train.add_argument("--seed", type=int, default=DEFAULT_SEED)
        train.add_argument("--resume", type=int, metavar="RUN", help="go on with a run that failed or was cancelled")
        predict.add_argument("--run", type=int, metavar="N", help="default: the active one, or else the newest")
        evaluate.add_argument("--run", type=int, metavar="N", help="default: the active one, or else the newest")
        evaluate.add_argument(
            "--release", type=int, metavar="N", help="default: the one it learned from, or the newest"
        )
        evaluate.add_argument("--target", choices=("final", "mean"), default="final")
        activate.add_argument("--run", type=int, metavar="N", help="default: the newest")
        activate.add_argument("--none", action="store_true", help="leave the study without an active judge")
        for verb in (train, predict, evaluate):
            verb.add_argument(
                "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
            )

    def handle(self, *args: Any, verb: str, slug: str, **options: Any) -> None:
        study = the_study(slug)
        with print_refusals():
            getattr(self, f"_{verb}")(study, options)

    def _train(self, study: Study, options: dict[str, Any]) -> None:
        if options["resume"] is not None:
            run = _run(study, options["resume"])
            if run.job is None:
                raise CommandError(f"Judge run {run.number} was not trained here.")
            if run.finished_at is None:
                _carry_training_out(run, queueing.retry(by=None, job=run.job), self.stderr)
        else:
            wanted = TrainingRequest(
                backend=options["backend"],
                preset=options["preset"],
                options=parse_options("\n".join(options["set"])),
                name=options["name"],
                seed=options["seed"],
            )
            run = runs.start_training(by=None, release=_release(study, options["release"]), wanted=wanted)
            assert run.job is not None
            _carry_training_out(run, run.job, self.stderr)
        self._show(_run(study, run.number), None, "final", options["as_json"])

    def _predict(self, study: Study, options: dict[str, Any]) -> None:
        run = _run(study, options["run"])
        job = carry_out(runs.start_predicting(by=None, run=run), self.stderr)
        result = dict(job.result or {})
        if options["as_json"]:
            self.stdout.write(json.dumps(result))
        else:
            said = f"{result['created']:,} samples judged by run {run.number}; {result['predictions']:,} in all."
            self.stdout.write(said)

    def _evaluate(self, study: Study, options: dict[str, Any]) -> None:
        run = _run(study, options["run"])
        number = options["release"]
        release = run.release if number is None and run.release else _release(study, number)
        if run.origin == JudgeRun.Origin.IMPORTED or not run.scorecards.filter(release=release).exists():
            carry_out(runs.start_evaluation(by=None, run=run, release=release), self.stderr)
        self._show(run, release, options["target"], options["as_json"])

    def _activate(self, study: Study, options: dict[str, Any]) -> None:
        if options["none"]:
            for run in study.judge_runs.filter(active=True):
                runs.deactivate_run(by=None, run=run)
            self.stdout.write(f"{study.slug} has no active judge.")
            return
        run = runs.activate_run(by=None, run=_run(study, options["run"], newest=True))
        self.stdout.write(f"Judge run {run.number}, {run.name}, is the active judge of {study.slug}.")

    def _show(self, run: JudgeRun, release: Release | None, target: str, as_json: bool) -> None:
        from judge.evaluation.text_report import format_scorecard

        card = run.scorecards.get(release=release or run.release)
        if as_json:
            report = {"run": run.number, "judge": run.name, "release": card.release.number, "metrics": card.cards}
            self.stdout.write(json.dumps(report))
            return
        self.stdout.write(f"Judge run {run.number}, {run.name}, held to release {card.release.number}")
        self.stdout.write(format_scorecard(card.cards[target]))


def _carry_training_out(run: JudgeRun, job: Job, stderr: ProgressStream) -> None:
    carry_out(job, stderr, resumed_by=f"--resume {run.number}")


def _run(study: Study, number: int | None, *, newest: bool = False) -> JudgeRun:
    found = study.judge_runs.select_related("study", "release", "rubric", "job").order_by("-active", "-number")
    if number is not None:
        found = found.filter(number=number)
    elif newest:
        found = found.filter(finished_at__isnull=False).order_by("-number")
    run = found.first()
    if run is None:
        known = ", ".join(str(n) for n in study.judge_runs.order_by("number").values_list("number", flat=True))
        raise CommandError(f"There is no such judge run in {study.slug}. There are: {known or 'none yet'}.")
    return run


def _release(study: Study, number: int | None) -> Release:
    found = study.releases.select_related("study", "rubric").order_by("-number")
    release = found.first() if number is None else found.filter(number=number).first()
    if release is None:
        known = ", ".join(str(n) for n in study.releases.order_by("number").values_list("number", flat=True))
        raise CommandError(
            f"There is no such release of {study.slug}. There are: {known or 'none yet; manage.py release makes one'}."
        )
    return release
