"""The filter of the list of jobs."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import Job
from frontend.presenters import vocabulary

STATES = ("running", "queued", "done", "failed", "cancelled")


class JobFilterForm(forms.Form):
    """The kind and the state of jobs; invalid values are left out."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert set(STATES) == set(Job.State.values)
        any_of_them = ("", _("any"))
        self.fields["kind"].choices = [any_of_them, *((kind, vocabulary.stored_word(kind)) for kind in kinds)]  # type: ignore[attr-defined]
        self.fields["state"].choices = [any_of_them, *((state, vocabulary.stored_word(state)) for state in STATES)]  # type: ignore[attr-defined]
