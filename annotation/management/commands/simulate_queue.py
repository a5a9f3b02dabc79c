"""Replay a finished study to see what each review queue would have found."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management import CommandError

from annotation.management.database import DataCommand
from annotation.management.progress import ProgressLine
from annotation.management.refusals import print_refusals, the_study
from annotation.management.tables import table_lines

POLICIES = ("disputed", "label_next", "audit", "random")


class Command(DataCommand):
    help = (
        "Play a finished study again, score by score, with only the scores bought so far known: what each review queue "
        "finds of the disputes, how well it foretells them, and what a judge learns from what is bought."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--seeds", type=int, default=5, metavar="N", help="replays of each queue (default: 5)")
        parser.add_argument("--dimension", action="append", default=[], metavar="D", help="only this one; repeatable")
        parser.add_argument(
            "--queue", action="append", default=[], choices=POLICIES, help="only this one; repeatable (default: all)"
        )
        parser.add_argument(
            "--raters",
            type=int,
            metavar="K",
            help="scores of each sample, drawn where there are more (default: as the protocol asks for)",
        )
        parser.add_argument(
            "--until", type=float, default=1.0, metavar="SHARE", help="stop after this share of the work (default: 1)"
        )
        parser.add_argument("--no-judge", action="store_true", help="on people's scores alone, without training judges")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, slug: str, seeds: int, raters: int | None, until: float, **options: Any) -> None:
        # Imported here: listing the commands needs no numpy.
        from annotation.simulation.replay import SNAPSHOT_AT, ReplayPolicy
        from annotation.simulation.replay_study import replay_study

        if seeds < 1:
            raise CommandError("--seeds must be 1 or more.")
        if raters is not None and raters < 2:
            raise CommandError("--raters must be 2 or more: one alone differs from nobody.")
        if not SNAPSHOT_AT <= until <= 1:
            raise CommandError(f"--until must lie between {SNAPSHOT_AT} and 1.")
        study = the_study(slug)
        with print_refusals(), ProgressLine(self.stderr) as progress:
            report = replay_study(
                study,
                seeds=seeds,
                dimensions=options["dimension"],
                raters=raters,
                policies=[ReplayPolicy(name) for name in options["queue"] or POLICIES],
                judge=not options["no_judge"],
                until=until,
                progress=progress,
            )
        if options["as_json"]:
            self.stdout.write(json.dumps(report))
            return
        self._tell(report)

    def _tell(self, report: Mapping[str, Any]) -> None:
        with_judge = "with a judge that learns along" if report["judge"] else "on people's scores alone"
        self.stdout.write(f"{report['study']}, replayed {report['seeds']} times {with_judge}: after 20 % of the work")
        head = ["dimension", "disputed", "queue", "found", "95 %", "times share", "AUROC", "Brier"]
        head += ["top 10", "top 50", "judge RMSE"]
        rows: list[list[str]] = []
        for row in report["rows"]:
            if row["undefined"]:
                continue
            base = f"{row['base_rate']:.0%}"
            for name, one in row["policies"].items():
                precision = {place["k"]: place["mean"] for place in one["precision"]}
                rmse = next((point["mean"] for point in one["rmse"] if point["work"] == 0.2), None)
                found = one["found_at_fifth"]
                rows.append(
                    [
                        row["dimension"],
                        base,
                        name,
                        _share(found["mean"]),
                        "–".join(_share(end) for end in found["interval"]) if found["interval"] else "",
                        _figure(one["times_its_share"]),
                        _figure(one["auroc"]["mean"]),
                        _figure(one["brier"]["mean"]),
                        *(_share(precision.get(k)) for k in (10, 50)),
                        _figure(rmse),
                    ]
                )
            best = row["best"]["found_at_fifth"]["mean"]
            rows.append([row["dimension"], base, "best", _share(best), *[""] * 7])
        for line in table_lines(head, rows, texts=(0, 2)):
            self.stdout.write(line)
        for row in report["rows"]:
            if row["undefined"]:
                self.stdout.write(f"{row['dimension']}: {row['undefined']}")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
