"""Create a study, ready for samples and members."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management import CommandError

from annotation.management.database import DataCommand
from annotation.management.refusals import print_refusals
from annotation.models import Study
from annotation.studies import rubrics, studies
from annotation.studies.protocol_rules import PRESETS, complete_rules


class Command(DataCommand):
    help = "Create a study. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="its short name in addresses and commands: a-z, 0-9, hyphens")
        parser.add_argument("--rubric", required=True, metavar="KEY", help="what is scored: KEY or KEY@VERSION")
        parser.add_argument("--title", default="", help="default: the short name")
        parser.add_argument("--protocol", default="paper", metavar="PRESET", help=_presets())

    def handle(self, *args: Any, slug: str, rubric: str, title: str, protocol: str, **options: Any) -> None:
        with print_refusals():
            wanted = rubrics.get_or_load(rubric)
            present = Study.objects.filter(slug=slug).select_related("rubric").first()
            if present is None:
                studies.create_study(by=None, slug=slug, title=title, rubric=wanted, preset=protocol)
                self.stdout.write(f"Created the study {slug}: rubric {wanted}, protocol {protocol}.")
                return
        preset = present.protocols.get(current=True).preset
        same = (present.rubric, preset) == (wanted, protocol) and title in ("", present.title)
        if not same:
            raise CommandError(
                f"There is a study {slug} already, and it is another one: {present.title!r}, rubric {present.rubric}, "
                f"protocol {preset or 'of its own'}. Choose another short name."
            )
        self.stdout.write(f"The study {slug} is there already.")


def _presets() -> str:
    """Return what the presets are, for the help text."""
    said = "; ".join(f"{name} ({_in_short(complete_rules(rules))})" for name, rules in PRESETS.items())
    return f"{said}. Default: paper. The page Settings changes every rule of it afterwards."


def _in_short(rules: Mapping[str, Any]) -> str:
    parts = [f"k={rules['annotators_per_sample']}"]
    if rules["decide"] == "aggregate":
        parts.append("the lower median decides")
    elif rules["annotators_per_sample"] > 1:
        parts.append(f"differences above {rules['tolerance']:g} are discussed")
    if rules["cross_review"] == "high":
        parts.append(f"those rated {rules['review_threshold']:g} or higher are reviewed")
    elif rules["cross_review"] != "none":
        parts.append("all are reviewed")
    return ", ".join(parts)
