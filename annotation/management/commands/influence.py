"""Tell how far meeting a judge moves the annotators of a study."""

import itertools
import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.progress import ProgressLine
from annotation.management.refusals import the_study
from annotation.management.tables import table_lines
from annotation.models import Member

STEPS = 2
NOTHING = "Nobody in {} has been shown anything of a judge yet."


class Command(DataCommand):
    help = "Tell how far what a judge suggests pulls annotators, what they accept, and how long they take."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, slug: str, as_json: bool, **options: Any) -> None:
        # Imported here: listing the commands needs no numpy.
        from annotation.reports.judge_influence import influence_report

        study = the_study(slug)
        names = dict(Member.objects.filter(study=study).values_list("pk", "name"))
        count = itertools.count()
        with ProgressLine(self.stderr) as progress:
            found = influence_report(
                study, names=names, step=lambda activity: progress(next(count), STEPS, activity.capitalize())
            )
        if as_json:
            limit = study.protocols.get(current=True).pull_limit
            empty = {"limit": limit, "alarm": False, "rows": [], "arms": [], "people": []}
            self.stdout.write(json.dumps({"study": slug, **(found or empty)}))
        elif found is None:
            self.stdout.write(NOTHING.format(slug))
        else:
            self._tell(slug, found)

    def _tell(self, slug: str, found: Mapping[str, Any]) -> None:
        limit = found["limit"]
        self.stdout.write(f"Influence of the judge in {slug}: levels moved per level shown apart, limit {limit:g}")
        self._table(["arm", "dimension", *_PULL], [_pull(row) for row in found["rows"]], texts=2)
        for row in found["rows"]:
            what = f"{row['arm']}, {row['dimension'] or 'all'}"
            if row["undefined"]:
                self.stdout.write(f"{what}: undefined. {row['undefined']}")
            if row["alarm"]:
                self.stdout.write(f"ALARM {what}: people are pulled by more than {limit:g}.")
        self.stdout.write("\nArms")
        self._table(["arm", *_ARM], [_arm(row) for row in found["arms"]], texts=1)
        self.stdout.write("\nAnnotators")
        self._table(["annotator", "arm", *_PERSON], [_person(row) for row in found["people"]], texts=2)
        for row in found["people"]:
            if row["rubber_stamp"]:
                self.stdout.write(f"RUBBER STAMP {row['member']}: {_why(row)}")

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> None:
        for line in table_lines(head, rows, texts=range(texts)):
            self.stdout.write(line)


_PULL = (
    *("pull", "95 %", "plain slope", "values", "samples", "accepted", "blind coincidence", "moved", "towards"),
    *("A@1", "blind A@1", "RMSE", "blind RMSE"),
)
_ARM = ("scores", "median s", "of blind", "values", "accepted", "A@1", "RMSE", "unanswered")
_PERSON = ("values", "accepted", "blind coincidence", "median s", "blind median s")


def _pull(row: Mapping[str, Any]) -> list[str]:
    moved = row["moved"]
    return [
        row["arm"],
        row["dimension"] or "all",
        "undefined" if row["pull"] is None else _figure(row["pull"]),
        "–".join(_figure(end) for end in row["interval"]) if row["interval"] else "",
        _figure(row["slope"]),
        f"{row['values']:,}",
        f"{row['samples']:,}",
        _share(row["acceptance"]),
        _share(row["coincidence"]),
        "" if moved is None else _share(moved["share"]),
        "" if moved is None else f"{moved['towards']:,}",
        _figure(row["within_one"]),
        _figure(row["blind_within_one"]),
        _figure(row["rmse"]),
        _figure(row["blind_rmse"]),
    ]


def _arm(row: Mapping[str, Any]) -> list[str]:
    return [
        row["arm"],
        f"{row['scores']:,}",
        _seconds(row["seconds"]),
        _figure(row["seconds_ratio"]),
        f"{row['values']:,}",
        _share(row["acceptance"]),
        _figure(row["within_one"]),
        _figure(row["rmse"]),
        f"{row['unanswered']:,}",
    ]


def _person(row: Mapping[str, Any]) -> list[str]:
    return [
        row["member"],
        row["arm"],
        f"{row['values']:,}",
        _share(row["acceptance"]),
        _share(row["coincidence"]),
        _seconds(row["seconds"]),
        _seconds(row["blind_seconds"]),
    ]


def _why(row: Mapping[str, Any]) -> str:
    usual = "everybody's" if row["blind_seconds_of_all"] else "their own"
    return (
        f"changed {row['changed']:,} of {row['values']:,} prefilled values, where {_share(row['coincidence'])} would "
        f"be the judge's by themselves, in {row['seconds']:.0f} s a sample beside {usual} {row['blind_seconds']:.0f} s "
        "blind"
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
