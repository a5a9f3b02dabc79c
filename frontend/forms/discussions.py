"""The forms about discussions: filter, decision, replacement of a participant and deadline."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotation.core.rubric_cache import DimensionDefinition
from annotation.discussions.view_types import ParticipantView
from annotation.models import Member
from frontend.presenters import discussions, vocabulary

from .base import PageForm

# How far a deadline can be put off in one step.
PUT_OFF_DAYS = (3, 7, 14)


def reason_field(help_text: Any, *, longest: int = 2000) -> forms.CharField:
    """Return the field for why an admin does something."""
    return forms.CharField(
        label=_("Reason"),
        max_length=longest,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: the reason stays in the history.")},
    )


class CaseFilterForm(forms.Form):
    """The filter of a list of discussions; invalid values are left out."""

    dimension = forms.ChoiceField(label=_("Disputed on"), required=False)
    waits_for = forms.ChoiceField(label=_("Waits for"), required=False)
    people = forms.ChoiceField(
        label=_("Participants"), choices=[("", _("any")), ("away", _("somebody who cannot answer"))], required=False
    )

    def __init__(
        self, *args: Any, dimensions: Sequence[DimensionDefinition], awaited: Sequence[Member], names: bool
    ) -> None:
        super().__init__(*args)
        for name, choices in (
            ("dimension", [(row.key, f"{row.key} {row.name}") for row in dimensions]),
            ("waits_for", [(row.public_id, vocabulary.member_name(row, names=names)) for row in awaited]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("any")), *choices]

    def forget_people(self) -> None:
        """Remove the fields about people: closed cases wait for nobody."""
        del self.fields["waits_for"], self.fields["people"]


class OverrideForm(PageForm):
    """A value for each dimension that is still open, or for some of them."""

    def __init__(self, *args: Any, dimensions: Sequence[DimensionDefinition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [dimension.key for dimension in dimensions]
        self.error_fields = {path: f"value_{key}" for key in self.keys for path in (key, f"values.{key}")}
        for dimension in dimensions:
            levels = [(f"{level.value:g}", f"{level.value:g}") for level in dimension.levels]
            self.fields[f"value_{dimension.key}"] = forms.ChoiceField(
                label=f"{dimension.key} {dimension.name}",
                choices=[("", _("leave open")), *levels],
                required=False,
                initial="",
                widget=forms.RadioSelect(attrs={"class": "choices levels-in-a-row"}),
            )
        self.fields["reason"] = reason_field(_("It stays with the values and in the history."))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.keys and not self.values and not self.errors:
            self.add_error(f"value_{self.keys[0]}", _("Choose a value on at least one dimension."))
        return cleaned

    @property
    def values(self) -> dict[str, float]:
        """The values that were chosen, by dimension key."""
        chosen = {key: self.cleaned_data.get(f"value_{key}") for key in self.keys}
        return {key: float(value) for key, value in chosen.items() if value}


class ExcuseForm(PageForm):
    """Who leaves a discussion, why, and who comes in their place."""

    participant = forms.ChoiceField(label=_("Who"), error_messages={"required": _("Choose somebody.")})
    replacement = forms.ChoiceField(
        label=_("In their place"),
        required=False,
        help_text=_("Active members who score and have had nothing to do with this sample."),
    )
    reason = reason_field(_("For the history; the participants do not read it."), longest=400)

    def __init__(
        self, *args: Any, participants: Sequence[ParticipantView], candidates: Sequence[Member], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            (
                "participant",
                [("", _("choose")), *((person.alias, _participant_label(person)) for person in participants)],
            ),
            ("replacement", [("", _("nobody")), *((person.public_id, person.name) for person in candidates)]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        self.fields["participant"].initial = next((person.alias for person in participants if person.away), "")


class DeadlineForm(PageForm):
    """A new deadline for the participants."""

    error_fields = {"due_at": "until"}

    choice = forms.ChoiceField(label=_("Until"), widget=forms.RadioSelect(attrs={"class": "choices is-vertical"}))
    until = forms.DateField(
        label=_("Day"),
        required=False,
        help_text=_("To the end of that day in your time zone; needed with “another day”."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = reason_field(_("For the history."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        field = self.fields["choice"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *((str(days), _deadline_label(days, today + timedelta(days=days))) for days in PUT_OFF_DAYS),
            ("until", _("another day")),
            ("none", _("no deadline: it stays with the participants until they agree")),
        ]
        self.fields["choice"].initial = str(PUT_OFF_DAYS[1])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("choice") == "until" and "until" not in self.errors:
            day = cleaned.get("until")
            if day is None:
                self.add_error("until", _("Choose a day."))
            elif day < timezone.localdate():
                self.add_error("until", _("That day is over."))
        return cleaned

    @property
    def due_at(self) -> datetime | None:
        """The end of the chosen day, or None for no deadline."""
        choice = self.cleaned_data["choice"]
        if choice == "none":
            return None
        day: date = self.cleaned_data["until"] if choice == "until" else timezone.localdate() + timedelta(int(choice))
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def _participant_label(participant: ParticipantView) -> str:
    label = f"{participant.alias}, {participant.name}" if participant.name else participant.alias
    return (
        f"{label} ({discussions.ABSENCE_REASONS.get(participant.away, participant.away)})"
        if participant.away
        else label
    )


def _deadline_label(days: int, day: date) -> str:
    return ngettext("%(days)d day from now, to %(day)s", "%(days)d days from now, to %(day)s", days) % {
        "days": days,
        "day": vocabulary.format_day(day),
    }
