"""The steps before a study in draft can start."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.scoring_eligibility import scoring_members
from annotation.models import Protocol, Sample, Study
from annotation.studies import protocols
from annotation.studies.protocol_rules import people_needed

from .protocol import preset_title
from .vocabulary import format_number


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One step: its label, progress and page."""

    done: bool
    label: str
    detail: str
    url: str


def setup_steps(study: Study) -> list[ChecklistItem]:
    """Return the steps from an empty draft to a study that can start.

    In the order of doing them.
    """
    samples = Sample.objects.filter(study=study).count()
    rules = Protocol.objects.get(study=study, current=True)
    needed, able = people_needed(protocols.get_protocol_rules(rules)), scoring_members(study).count()
    settings = reverse("settings", args=[study.slug])
    there = ngettext("%(n)s could score", "%(n)s could score", able) % {"n": format_number(able)}
    return [
        ChecklistItem(
            samples > 0,
            _("Bring in the samples"),
            ngettext("%(n)s is there", "%(n)s are there", samples) % {"n": format_number(samples)} if samples else "",
            reverse("imports", args=[study.slug]),
        ),
        ChecklistItem(True, _("Look over the protocol"), preset_title(rules.preset), settings + "#h-rules"),
        ChecklistItem(
            bool(study.instructions.strip()),
            _("Say what annotators should know"),
            "" if study.instructions.strip() else _("optional; the rubric is shown in any case"),
            settings + "#id_instructions",
        ),
        ChecklistItem(
            able >= needed,
            _("Invite the people"),
            _("%(there)s, a sample may take %(needed)s") % {"there": there, "needed": format_number(needed)},
            reverse("people", args=[study.slug]),
        ),
    ]


def can_start(steps: list[ChecklistItem]) -> bool:
    """Can the study start? Samples may come later, and instructions are optional; people are needed."""
    return steps[-1].done
