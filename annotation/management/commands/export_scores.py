"""Print the long score table of a study."""

from argparse import ArgumentParser
from typing import Any

from annotation.exports.scores import FORMATS, Format, export_scores
from annotation.management.database import DataCommand
from annotation.management.refusals import the_study


class Command(DataCommand):
    help = "Print all standing ratings of a study as a long table, one value per line, for import_scores."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--format", choices=FORMATS, default="csv")

    def handle(self, *args: Any, slug: str, format: Format, **options: Any) -> None:
        for piece in export_scores(by=None, study=the_study(slug), format=format):
            self.stdout.write(piece, ending="")
