"""The forms for a new study and for a copy of one."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Member, Study
from annotation.studies.protocol_rules import PRESETS
from frontend.presenters.protocol import PRESET_SENTENCES, PRESET_TITLES

from .base import PageForm
from .studies import ROLES

options = {"class": "choices options"}


def title_field() -> forms.CharField:
    """Return a field for the title of a study."""
    return forms.CharField(label=_("Title"), max_length=200, error_messages={"required": _("Give it a title.")})


def slug_field() -> forms.SlugField:
    """Return a field for the short name of a study."""
    return forms.SlugField(
        label=_("Short name"),
        max_length=80,
        help_text=_("In addresses and commands: a-z, 0-9 and hyphens. It stays as it is."),
        error_messages={"required": _("Give it a short name."), "invalid": _("Use a-z, 0-9 and hyphens.")},
    )


def instructions_field(*, rows: int) -> forms.CharField:
    """Return a field for what a study asks of its annotators."""
    return forms.CharField(
        label=_("Instructions"),
        required=False,
        help_text=_("Shown to annotators beside the rubric."),
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _choice_label(title: Any, *said: Any) -> SafeString:
    """Return the label of a choice: its title, and under it an explanation."""
    lines = format_html_join("", " <small>{}</small>", ((line,) for line in said))
    return format_html("<span><b>{}</b>{}</span>", title, lines)


def _rubric_option(rubric: RubricDefinition) -> SafeString:
    scored = ", ".join(dimension.name for dimension in rubric.dimensions)
    scales = {tuple(level.value for level in dimension.levels) for dimension in rubric.dimensions}
    least, most = min(min(scale) for scale in scales), max(max(scale) for scale in scales)
    levels = _("levels from %(least)s to %(most)s") % {"least": f"{least:g}", "most": f"{most:g}"}
    name = f"{rubric.key}@{rubric.version}"
    return _choice_label(rubric.title, scored, f"{levels} · {name}")


def _those_of(study: Study) -> str:
    return str(_("those of %(study)s") % {"study": study.title})


class NewStudyForm(PageForm):
    """A study with its rubric and its rules."""

    error_fields = {"protocol": "preset"}

    title = title_field()
    slug = slug_field()
    rubric = forms.ChoiceField(
        label=_("What is scored"),
        widget=forms.RadioSelect(attrs=options),
        help_text=_("Others are brought in by <code>manage.py import_rubric FILE.toml</code>."),
        error_messages={"required": _("Choose a rubric.")},
    )
    preset = forms.ChoiceField(
        label=_("By which protocol"),
        initial="paper",
        widget=forms.RadioSelect(attrs=options),
        help_text=_("Every rule of it can be changed afterwards, in the settings."),
    )
    people_of = forms.ModelChoiceField(
        Study.objects.none(),
        label=_("People"),
        required=False,
        empty_label=_("invite them later"),
        help_text=_("Everybody active comes along, in the same role."),
    )
    instructions = instructions_field(rows=4)

    def __init__(
        self, *args: Any, rubrics: Sequence[RubricDefinition], studies: QuerySet[Study], **kwargs: Any
    ) -> None:
        """Offer ``rubrics``, and the people of ``studies``."""
        super().__init__(*args, **kwargs)
        rubric, preset, people = self.fields["rubric"], self.fields["preset"], self.fields["people_of"]
        assert isinstance(rubric, forms.ChoiceField)
        assert isinstance(preset, forms.ChoiceField)
        assert isinstance(people, forms.ModelChoiceField)
        preset.choices = [(name, _choice_label(PRESET_TITLES[name], PRESET_SENTENCES[name])) for name in PRESETS]
        rubric.choices = [(str(one.id or one.key), _rubric_option(one)) for one in rubrics]
        people.queryset = studies
        people.label_from_instance = _those_of  # type: ignore[assignment,method-assign]
        if len(rubrics) == 1:
            rubric.initial = str(rubrics[0].id or rubrics[0].key)
        if not studies.exists():
            del self.fields["people_of"]


class CopyStudyForm(PageForm):
    """Another study with the same rubric and rules."""

    title = title_field()
    slug = slug_field()
    people = forms.MultipleChoiceField(
        label=_("Who comes along"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices is-vertical"}),
        help_text=_("In the same role. You lead the new study in any case."),
    )

    def __init__(self, *args: Any, members: Iterable[Member], **kwargs: Any) -> None:
        """Offer ``members``, all of them chosen."""
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, forms.MultipleChoiceField)
        roles = dict(ROLES)
        field.choices = [(member.public_id, f"{member.name}, {roles[member.role]}") for member in members]
        field.initial = [member.public_id for member in members]
        if not field.choices:
            del self.fields["people"]
