"""The form of an import: a file or a path, its kind and its options."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import WorkflowError
from annotation.imports.format_names import FORMATS, UPLOAD_ENDINGS

from .base import PageForm

SAMPLES, SCORES = "import_samples", "import_scores"
# Seldom needed, and so folded away.
MORE = ("format", "images", "question")


class ImportForm(PageForm):
    """One file, uploaded or on the server, and the options of its import.

    Fields of the other kind of import do not count.
    """

    kind = forms.ChoiceField(
        label=_("What is in it"),
        choices=[(SAMPLES, _("samples to score")), (SCORES, _("scores, one value a line"))],
        widget=forms.RadioSelect(attrs={"class": "choices"}),
        initial=SAMPLES,
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        help_text=_(
            "JSONL, JSON, CSV, TSV, Parquet, or a ZIP of lines and pictures. It can be dropped onto the field."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(UPLOAD_ENDINGS)}),
    )
    path = forms.CharField(
        label=_("Or a path on the server"),
        required=False,
        max_length=500,
        help_text=_("Of a file or a folder inside the import folder. Nothing has to be uploaded then."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[("", _("found out by itself")), *((name, one.title) for name, one in FORMATS.items())],
    )
    images = forms.CharField(
        label=_("Folder of the pictures"),
        required=False,
        max_length=300,
        help_text=_("Inside the import folder of the server, where the lines name pictures that are not beside them."),
    )
    question = forms.CharField(
        label=_("Question"),
        required=False,
        max_length=2000,
        help_text=_("What pictures answer that come without a question."),
    )
    update = forms.BooleanField(label=_("Replace samples that have changed and that nobody has scored"), required=False)
    complete = forms.BooleanField(
        label=_("The scores are complete: samples with all of them may go on"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One of both has to be given, so neither is called optional.
        for name in ("file", "path"):
            self.fields[name].one_of_two = True  # type: ignore[attr-defined]
        if not settings.IMPORT_ROOT:
            del self.fields["images"], self.fields["path"]

    def clean(self) -> dict[str, Any]:
        """Require either an upload or a path."""
        data = super().clean() or {}
        sources = [name for name in ("file", "path") if data.get(name)]
        if not sources and "file" not in self.errors and "path" not in self.errors:
            message = _("Choose a file, or name a path.") if "path" in self.fields else _("Choose a file.")
            self.add_error("file", message)
        elif len(sources) > 1:
            self.add_error("path", _("Give either a file or a path; leave this empty, or choose the file no more."))
        return data

    def refuse(self, error: WorkflowError) -> None:
        """Show a refusal; one about a path stands beside the field that was filled in."""
        self.error_fields = {"path": "path" if self.cleaned_data.get("path") else "file"}
        if self.cleaned_data.get("path"):
            self.error_fields["file"] = "path"
        super().refuse(error)

    @property
    def upload(self) -> UploadedFile | None:
        upload: UploadedFile | None = self.cleaned_data.get("file")
        return upload

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the job, as its kind takes them."""
        data = self.cleaned_data
        texts = ("path", "format") if data["kind"] == SCORES else ("path", "format", "images", "question")
        flag = "complete" if data["kind"] == SCORES else "update"
        return {flag: data[flag], **{name: data[name] for name in texts if data.get(name)}}

    @property
    def first_fields(self) -> list[Any]:
        return [self[name] for name in ("kind", "file", "path") if name in self.fields]

    @property
    def more_fields(self) -> list[Any]:
        return [self[name] for name in MORE if name in self.fields]

    @property
    def last_fields(self) -> list[Any]:
        return [self[name] for name in ("update", "complete")]

    @property
    def more_is_used(self) -> bool:
        """Is there something in the folded fields that has to be seen?"""
        return self.is_bound and any(name in self.errors or self.data.get(name) for name in MORE)
