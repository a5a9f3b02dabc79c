"""The forms of a study, its members and invitations."""

from django import forms
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
    """The title, instructions and state of a study."""

    title = forms.CharField(label=_("Title"), max_length=200, error_messages={"required": _("Give it a title.")})
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        help_text=_("Shown to annotators beside the rubric."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    state = forms.ChoiceField(
        label=_("State"), choices=STUDY_STATES, widget=forms.RadioSelect(attrs={"class": "choices is-vertical"})
    )


class InviteForm(PageForm):
    """An invitation: its role, number of uses and time of validity."""

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
