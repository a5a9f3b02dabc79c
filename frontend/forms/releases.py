"""The forms of a release: its parts, its files and the test pool."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.releases.formats import FORMATS
from annotation.releases.request import (
    DEFAULT_CALIBRATION_SHARE,
    DEFAULT_SEED,
    DEFAULT_TEST_SHARE,
    LARGEST_SEED,
    LONGEST_NAME,
)
from annotation.releases.test_pool import DEFAULT_SHARE

from .base import PageForm


class FilesForm(PageForm):
    """The formats and options of a release's files."""

    formats = forms.MultipleChoiceField(
        label=_("Files"),
        choices=[(name, one.title) for name, one in FORMATS.items()],
        initial=["jsonl"],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices is-vertical"}),
        error_messages={"required": _("Choose at least one.")},
    )
    with_generator = forms.BooleanField(label=_("Say who made each sample"), required=False)
    with_metadata = forms.BooleanField(label=_("Keep the samples’ metadata, which may tell it too"), required=False)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the job, as its kind takes them."""
        return {name: self.cleaned_data[name] for name in ("formats", "with_generator", "with_metadata")}


class ReleaseForm(FilesForm):
    """A release to be made."""

    field_order = ("name", "test_by", "test_share", "test_count", "exact", "seed", "formats")

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("As “pilot” or “v1”; releases are numbered besides."),
        error_messages={"required": _("Give it a name.")},
    )
    test_by = forms.ChoiceField(
        label=_("Size of the test part"),
        choices=[("share", _("a share of the samples")), ("count", _("a number of samples"))],
        initial="share",
        widget=forms.RadioSelect(attrs={"class": "choices"}),
    )
    test_share = forms.FloatField(label=_("Share in test"), required=False, initial=DEFAULT_TEST_SHARE)
    test_count = forms.IntegerField(label=_("Samples in test"), required=False)
    exact = forms.BooleanField(label=_("Refuse where whole questions cannot reach the number"), required=False)
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=DEFAULT_SEED,
        min_value=0,
        max_value=LARGEST_SEED,
        help_text=_("The same questions and the same seed give the same parts."),
    )

    def clean(self) -> dict[str, Any]:
        """Require the size of the test part, as a share or as a number."""
        data = super().clean() or {}
        wanted = "test_share" if data.get("test_by") == "share" else "test_count"
        if data.get(wanted) is None and wanted not in self.errors:
            self.add_error(wanted, _("A number between 0 and 1.") if wanted == "test_share" else _("From 1 on."))
        return data

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the job, as its kind takes them."""
        data = self.cleaned_data
        size = "test_share" if data["test_by"] == "share" else "test_count"
        release_arguments = {"name": data["name"], size: data[size], "exact": data["exact"], "seed": data["seed"]}
        return {**release_arguments, **super().arguments()}


class PoolForm(PageForm):
    """The pool to be reserved."""

    share = forms.FloatField(
        label=_("Share of the questions"),
        initial=DEFAULT_SHARE,
        help_text=_("Somewhat more than the test part is to have, so that its size can be met."),
    )
    calibration_share = forms.FloatField(
        label=_("Share kept for calibration"),
        initial=DEFAULT_CALIBRATION_SHARE,
        help_text=_("Of the other questions: in train, and no judge is fitted to them."),
    )
    seed = forms.IntegerField(label=_("Seed"), initial=DEFAULT_SEED, min_value=0, max_value=LARGEST_SEED)
