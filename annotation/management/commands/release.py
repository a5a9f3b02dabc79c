"""Freeze the agreed scores of a study as a release and write its files; or write those of one that is there."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from annotation.management.database import DataCommand
from annotation.management.progress import ProgressLine
from annotation.management.refusals import print_refusals, the_study
from annotation.models import Release, Study
from annotation.releases.formats import FORMATS
from annotation.releases.request import (
    DEFAULT_CALIBRATION_SHARE,
    DEFAULT_SEED,
    DEFAULT_TEST_SHARE,
    ReleaseRequest,
    RenditionRequest,
)


class Command(DataCommand):
    help = "Freeze the agreed scores of a study as its next release, divided into train and test, and write its files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--name", help="of the new release, as v1")
        which.add_argument("--again", metavar="NUMBER", type=int, help="write files of a release that was made before")
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--test-share", metavar="SHARE", type=float, help=f"default: {DEFAULT_TEST_SHARE}")
        size.add_argument("--test-count", metavar="N", type=int, help="number of test samples")
        parser.add_argument("--exact", action="store_true", help="refuse where whole questions cannot reach the number")
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help=f"of the split; default: {DEFAULT_SEED}")
        parser.add_argument(
            "--calibration-share",
            metavar="SHARE",
            type=float,
            default=DEFAULT_CALIBRATION_SHARE,
            help=f"of the questions that are in train and not fitted to; default: {DEFAULT_CALIBRATION_SHARE}",
        )
        parser.add_argument(
            "--format",
            action="append",
            dest="formats",
            choices=tuple(FORMATS),
            metavar="FORMAT",
            help="once or several times: " + "; ".join(f"{name}: {one.title}" for name, one in FORMATS.items()),
        )
        parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new or an empty folder")
        parser.add_argument("--with-generator", action="store_true", help="say who made each sample")
        parser.add_argument("--with-metadata", action="store_true", help="keep the samples' metadata")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object and nothing else"
        )

    def handle(self, *args: Any, slug: str, out: Path, as_json: bool, **options: Any) -> None:
        # Imported here: listing the commands needs neither numpy nor pyarrow.
        from annotation.releases.creating_renditions import render_to_folder, require_empty_folder

        study = the_study(slug)
        files = RenditionRequest(
            formats=tuple(dict.fromkeys(options["formats"] or ["jsonl"])),
            with_generator=options["with_generator"],
            with_metadata=options["with_metadata"],
        )
        with print_refusals():
            # Before anything is frozen: a release is for ever.
            require_empty_folder(out)
            with ProgressLine(self.stderr) as progress:
                release = self._release(study, options, progress)
            try:
                with ProgressLine(self.stderr) as progress:
                    rendered = render_to_folder(release=release, options=files, folder=out, progress=progress)
            except OSError as error:
                raise CommandError(
                    f"Release {release.number} is made; its files could not be written: {error}. "
                    f"Write them elsewhere by --again {release.number}."
                ) from error
        about = release.about
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "name": release.name,
                        "number": release.number,
                        **about["parts"],
                        "files": [entry["path"] for entry in rendered.files],
                        "met": about["met"],
                        "notes": rendered.notes,
                    }
                )
            )
            return
        self._tell(release, out, rendered)

    def _release(self, study: Study, options: dict[str, Any], progress: ProgressLine) -> Release:
        from annotation.releases.creating import create_release

        if options["again"] is not None:
            found = Release.objects.filter(study=study, number=options["again"]).first()
            if found is None:
                known = ", ".join(str(n) for n in study.releases.order_by("number").values_list("number", flat=True))
                raise CommandError(f"There is no release {options['again']}. There are: {known or 'none yet'}.")
            return found
        wanted = ReleaseRequest(
            name=options["name"],
            test_share=options["test_share"],
            test_count=options["test_count"],
            exact=options["exact"],
            seed=options["seed"],
            calibration_share=options["calibration_share"],
        )
        return create_release(by=None, study=study, request=wanted, progress=progress)

    def _tell(self, release: Release, out: Path, rendered: Any) -> None:
        about = release.about
        met = about["met"]
        head = f"Release {release.number} of {about['study']}, {release.name}"
        self.stdout.write(f"{head}: {about['samples']:,} samples.")
        for part in ("train", "test"):
            counts = about["parts"][part]
            self.stdout.write(f"  {part}: {counts['samples']:,} samples of {counts['questions']:,} questions")
        aim = met["test_samples"]
        reached = "as wanted" if aim["exact"] else f"{aim['wanted']:,} were wanted: {aim['why']}"
        self.stdout.write(f"  test samples: {aim['got']:,}, {reached}")
        for what in ("generator", "domain"):
            beyond = met[what]["largest"]
            which = "the worst" if beyond else "each"
            self.stdout.write(f"  by {what}: {which} within {beyond + 1} of its share of the test samples")
        for what, notes in rendered.notes.items():
            for note in notes:
                self.stdout.write(f"  {what}: {note}")
        self.stdout.write(f"{len(rendered.files):,} files in {out}; manage.py verify {out} checks them.")
