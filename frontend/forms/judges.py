"""The forms about judges: a training, and predictions from elsewhere."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import BadInput
from annotation.imports.format_names import PREDICTION_ENDINGS
from annotation.judges.request import (
    DEFAULT_SEED,
    LARGEST_SEED,
    LONGEST_NAME,
    TrainingRequest,
    list_available_presets,
    parse_options,
)
from annotation.models import Release, Study

from .base import PageForm

# Seldom needed, and so folded away.
MORE = ("name", "options", "seed")


class TrainForm(PageForm):
    """A judge to be trained on a release of the study."""

    error_fields = {"backend": "preset"}

    release = forms.ChoiceField(label=_("Learn from"))
    preset = forms.ChoiceField(label=_("How"), widget=forms.RadioSelect(attrs={"class": "choices is-vertical"}))
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("How its predictions name it; without one it is the study’s and the run’s number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    options = forms.CharField(
        label=_("Options"),
        required=False,
        max_length=4000,
        help_text=_("One a line, as “trees = 100”: what is to differ from the preset."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    seed = forms.IntegerField(label=_("Seed"), initial=DEFAULT_SEED, min_value=0, max_value=LARGEST_SEED)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._releases = list(Release.objects.filter(study=study).select_related("study", "rubric"))
        presets = list_available_presets()
        self.fields["release"].choices = [  # type: ignore[attr-defined]
            (row.public_id, f"{row.number}: {row.name}") for row in self._releases
        ]
        self.fields["preset"].choices = [  # type: ignore[attr-defined]
            (f"{preset.backend}/{preset.name}", f"{preset.backend}, {preset.name}: {preset.description}")
            for preset in presets
        ]
        self.fields["preset"].initial = f"{presets[0].backend}/{presets[0].name}"

    def clean_options(self) -> dict[str, Any]:
        """Read the options."""
        try:
            return parse_options(self.cleaned_data["options"])
        except BadInput as error:
            raise forms.ValidationError(error.fields["options"]) from None

    @property
    def release_row(self) -> Release:
        chosen = self.cleaned_data["release"]
        return next(row for row in self._releases if row.public_id == chosen)

    def training_request(self) -> TrainingRequest:
        """Return the training that is asked for."""
        data = self.cleaned_data
        backend, _slash, preset = data["preset"].partition("/")
        return TrainingRequest(
            backend=backend, preset=preset, options=data["options"], name=data["name"].strip(), seed=data["seed"]
        )

    @property
    def first_fields(self) -> list[Any]:
        return [self["release"], self["preset"]]

    @property
    def more_fields(self) -> list[Any]:
        return [self[name] for name in MORE]

    @property
    def more_is_used(self) -> bool:
        """Is there something in the folded fields that has to be seen?"""
        return self.is_bound and any(name in self.errors for name in MORE)


class PredictionsForm(PageForm):
    """A file of predictions that a judge made elsewhere."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("JSON Lines, as “python -m judge predict” writes them. It can be dropped onto the field."),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(PREDICTION_ENDINGS)}),
        error_messages={"required": _("Choose a file.")},
    )

    @property
    def upload(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        return upload
