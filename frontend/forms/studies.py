"""What those who lead fill in: a study, its members, invitations, filters and imports."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotation.models import Member, Study

from .base import PageForm

ROLES = [
    (Member.Role.ANNOTATOR.value, _("annotator")),
    (Member.Role.ADMIN.value, _("admin")),
    (Member.Role.RESEARCHER.value, _("researcher")),
]
MEMBER_STATES = [
    (Member.State.ACTIVE.value, _("active")),
    (Member.State.PAUSED.value, _("paused")),
    (Member.State.LEFT.value, _("left")),
]
STUDY_STATES = [
    (Study.State.DRAFT.value, _("draft: being prepared, nobody scores")),
    (Study.State.RUNNING.value, _("running: annotators score")),
    (Study.State.PAUSED.value, _("paused: nobody gets new samples")),
    (Study.State.CLOSED.value, _("closed: to be read only")),
]


class StudyForm(PageForm):
    """What can be changed about a study."""

    title = forms.CharField(label=_("Title"), max_length=200, error_messages={"required": _("Give it a title.")})
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        help_text=_("Shown to annotators beside the rubric."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    state = forms.ChoiceField(
        label=_("State"), choices=STUDY_STATES, widget=forms.RadioSelect(attrs={"class": "choices down"})
    )


class InviteForm(PageForm):
    """A link: for which role, for how many, for how long."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    uses = forms.IntegerField(
        label=_("People"), min_value=1, max_value=1000, initial=1, error_messages={"required": _("From 1 to 1,000.")}
    )
    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=365, initial=14, error_messages={"required": _("From 1 to 365.")}
    )
    note = forms.CharField(label=_("Note to yourself"), max_length=200, required=False)


class MemberForm(PageForm):
    """A member's role and state."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    state = forms.ChoiceField(label=_("State"), choices=MEMBER_STATES)


class ImportForm(PageForm):
    """A file, what is in it, and how it is to be taken."""

    error_fields = {"path": "file"}

    kind = forms.ChoiceField(
        label=_("What is in the file"),
        choices=[
            ("import_samples", _("samples: JSONL, one answer a line")),
            ("import_scores", _("scores: CSV or JSONL, one rating a line")),
        ],
        widget=forms.RadioSelect(attrs={"class": "choices down"}),
        initial="import_samples",
    )
    file = forms.FileField(label=_("File"), allow_empty_file=True, error_messages={"required": _("Choose a file.")})
    images = forms.CharField(
        label=_("Folder of the pictures"),
        required=False,
        max_length=300,
        help_text=_("Inside the import folder of the server; needed where samples name pictures."),
    )
    update = forms.BooleanField(label=_("Replace samples that have changed and that nobody has scored"), required=False)
    complete = forms.BooleanField(
        label=_("The scores are complete: samples with all of them may go on"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.IMPORT_ROOT:
            del self.fields["images"]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the job, as its kind takes them."""
        data = self.cleaned_data
        if data["kind"] == "import_scores":
            return {"complete": data["complete"]}
        images = {"images": data["images"]} if data.get("images") else {}
        return {"update": data["update"], **images}
