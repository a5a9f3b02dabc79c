"""Tell how far the annotators of a study agree."""

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

MEASUREMENTS = ("ordinal", "interval", "nominal")
GROUPINGS = ("generator", "domain")


class Command(DataCommand):
    help = "Tell how far the annotators of a study agreed before they discussed, and what discussions moved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--by", choices=GROUPINGS, help="a row for each generator or domain")
        parser.add_argument(
            "--level", choices=MEASUREMENTS, default="ordinal", help="level of measurement of alpha (default: ordinal)"
        )
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, slug: str, by: Any, level: Any, as_json: bool, **options: Any) -> None:
        # Imported here: listing the commands needs no numpy.
        from annotation.reports import agreement
        from annotation.reports.ratings import read_ratings
        from annotation.reports.stance_changes import read_stance_changes

        study = the_study(slug)
        names = dict(Member.objects.filter(study=study).values_list("pk", "name"))
        material = read_ratings(study)
        steps = len(material.scales) * (len(material.labels[by]) if by else 1)
        count = itertools.count()
        with ProgressLine(self.stderr) as progress:
            rows = agreement.agreement_rows(
                material,
                by=by,
                names=names,
                measurements=(level,),
                step=lambda activity: progress(next(count), steps, activity.capitalize()),
            )[level]
            progress(steps, steps, "Agreement")
        moved = read_stance_changes(study, names=names)
        if as_json:
            self.stdout.write(json.dumps({"study": slug, "level": level, "round": 1, "rows": rows, **moved}))
            return
        self.stdout.write(f"Agreement in {slug}, independent ratings (round 1), alpha at the {level} level")
        self._tell(rows, by)
        if moved["moved"]:
            self.stdout.write("\nWhat discussions moved")
            self._tell_moved(moved["moved"])

    def _tell(self, rows: Sequence[Mapping[str, Any]], by: str | None) -> None:
        head = ["dimension", "alpha", "95 %", "samples", "ratings", "exact", "within 1", "MAD"]
        head += ["range ≥ 2", "kappa", "ICC(1)"]
        table = []
        why = []
        for row in rows:
            alpha = "undefined" if row["alpha"] is None else _figure(row["alpha"])
            table.append(
                [
                    *([row["group"][by] or "(none)"] if by else []),
                    row["dimension"],
                    alpha,
                    "–".join(_figure(end) for end in row["interval"]) if row["interval"] else "",
                    f"{row['samples']:,}",
                    f"{row['ratings']:,}",
                    *(_figure(row[name]) for name in ("exact", "within_one", "mad")),
                    f"{row['range_two']:,}",
                    _figure(row["kappa_mean"]),
                    _figure(row["icc"]["value"]),
                ]
            )
            if row["undefined"]:
                why.append((" ".join([*row["group"].values(), row["dimension"]]), row["undefined"]))
        self._table([*([by] if by else []), *head], table, texts=2 if by else 1)
        for what, reason in why:
            self.stdout.write(f"{what}: undefined. {reason}")
        if not rows:
            self.stdout.write("No sample with ratings names its " + str(by) + ".")

    def _tell_moved(self, rows: Sequence[Mapping[str, Any]]) -> None:
        head = ["dimension", "cases", "values", "moved", "up", "down", "mean change"]
        goals = ["to majority", "to highest", "to lowest", "elsewhere", "overridden"]
        table = [
            [
                row["dimension"],
                str(row["cases"]),
                str(row["stances"]),
                "" if row["share"] is None else f"{row['share']:.0%}",
                str(row["up"]),
                str(row["down"]),
                "" if row["mean_change"] is None else f"{row['mean_change']:+.2f}",
                *(str(n) for n in row["towards"].values()),
                str(row["overridden"]),
            ]
            for row in rows
        ]
        self._table([*head, *goals], table, texts=1)

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> None:
        for line in table_lines(head, rows, texts=range(texts)):
            self.stdout.write(line)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
