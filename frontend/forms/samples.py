"""The forms about samples: filter, reopening, withdrawal, review and assignment."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.rubric_cache import DimensionDefinition
from annotation.models import FinalScore, Sample
from annotation.samples import list as sample_list
from annotation.samples import sorting
from annotation.samples.assigning_by_hand import FEWEST_DAYS, MOST_DAYS
from annotation.samples.eligibility import EligibleAnnotator
from frontend.presenters import discussions, vocabulary

from .base import PageForm
from .discussions import reason_field

ORDERS = [
    (sorting.OLDEST, _("as imported")),
    (sorting.NEWEST, _("newest first")),
    (sorting.WIDEST, _("widest range first")),
    (sorting.CHANGED, _("last changed first")),
]
# More are typed, not chosen.
MOST_CHOICES = 60


class SampleFilterForm(forms.Form):
    """The filter and the order of a list of samples; invalid values are left out."""

    q = forms.CharField(
        label=_("Search"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("external id or question")}),
    )
    state = forms.ChoiceField(label=_("State"), required=False)
    generator = forms.CharField(label=_("Generator"), max_length=120, required=False)
    domain = forms.CharField(label=_("Domain"), max_length=120, required=False)
    disputed = forms.ChoiceField(label=_("Disputed on"), required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False)
    order = forms.ChoiceField(label=_("Order"), choices=ORDERS, required=False)

    def __init__(
        self,
        *args: Any,
        dimensions: Sequence[DimensionDefinition],
        generators: Sequence[str],
        domains: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, Any]]] = {
            "state": [(state, vocabulary.stored_word(state)) for state in Sample.State.values],
            "disputed": [(sample_list.ANY, _("any dimension")), *((d.key, f"{d.key} {d.name}") for d in dimensions)],
            "outcome": [(name, discussions.outcome_text(name)) for name in FinalScore.Outcome.values],
        }
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("any")), *offered]
        for name, values in (("generator", generators), ("domain", domains)):
            if not values:
                del self.fields[name]
            elif len(values) <= MOST_CHOICES:
                self.fields[name] = forms.ChoiceField(
                    label=self.fields[name].label,
                    choices=[("", _("any")), *((value, value) for value in values)],
                    required=False,
                )

    @property
    def sample_filter(self) -> sample_list.SampleFilter:
        """The valid values as the filter of the list."""
        data = self.cleaned_data
        names = ("state", "generator", "domain", "disputed", "outcome")
        return sample_list.SampleFilter(search=data.get("q", ""), **{name: data.get(name, "") for name in names})

    @property
    def sort_order(self) -> str:
        """The order, as the list takes it."""
        return self.cleaned_data.get("order") or sorting.OLDEST


class ReopenForm(PageForm):
    """Why a sample comes back, and on which dimensions it is discussed."""

    dimensions = forms.MultipleChoiceField(
        label=_("Dimensions"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        error_messages={"required": _("Choose at least one.")},
    )
    reason = reason_field(_("For the history of the sample."))

    def __init__(self, *args: Any, dimensions: Sequence[DimensionDefinition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dimensions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(dimension.key, f"{dimension.key} {dimension.name}") for dimension in dimensions]
        field.initial = [dimension.key for dimension in dimensions]
        if not dimensions:
            del self.fields["dimensions"]


class WithdrawForm(PageForm):
    """Why a sample leaves the study."""

    reason = reason_field(_("For the history of the sample."))


class ReviewForm(PageForm):
    """Why an agreed sample goes to somebody new."""

    reason = reason_field(_("For the history of the sample. Whoever gets it does not see it."))


class AssignForm(PageForm):
    """Who is given a sample, and for how long."""

    members = forms.MultipleChoiceField(
        label=_("People"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.IntegerField(
        label=_("For how many days"),
        min_value=FEWEST_DAYS,
        max_value=MOST_DAYS,
        initial=3,
        help_text=_("After that it goes back to the others."),
    )

    def __init__(self, *args: Any, takers: Sequence[EligibleAnnotator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["members"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (annotator.member.public_id, _annotator_label(annotator)) for annotator in takers if not annotator.had
        ]


def _annotator_label(annotator: EligibleAnnotator) -> str:
    if annotator.held_until is None:
        return annotator.member.name
    words = {"name": annotator.member.name, "moment": discussions.format_moment(annotator.held_until)}
    return gettext("%(name)s (has it until %(moment)s)") % words
