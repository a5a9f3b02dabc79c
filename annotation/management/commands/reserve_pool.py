"""Reserve the questions of a study that test parts may come from."""

from argparse import ArgumentParser
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.refusals import print_refusals, the_study
from annotation.releases.request import DEFAULT_CALIBRATION_SHARE, DEFAULT_SEED
from annotation.releases.test_pool import DEFAULT_SHARE, read_pool_state, reserve_pool


class Command(DataCommand):
    help = "Reserve the questions that test parts may come from, those to be imported included. Done once per study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--share", type=float, default=DEFAULT_SHARE, help=f"of the questions; default: {DEFAULT_SHARE}"
        )
        parser.add_argument(
            "--calibration-share",
            metavar="SHARE",
            type=float,
            default=DEFAULT_CALIBRATION_SHARE,
            help=f"of the other questions, kept to calibrate judges with; default: {DEFAULT_CALIBRATION_SHARE}",
        )
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help=f"default: {DEFAULT_SEED}")

    def handle(self, *args: Any, slug: str, share: float, calibration_share: float, seed: int, **options: Any) -> None:
        study = the_study(slug)
        with print_refusals():
            reserve_pool(by=None, study=study, share=share, calibration_share=calibration_share, seed=seed)
        pool = read_pool_state(study)
        self.stdout.write(
            f"{pool.in_pool:,} of {pool.questions:,} questions are in the test pool of {slug}; "
            "new ones are drawn as they are imported."
        )
