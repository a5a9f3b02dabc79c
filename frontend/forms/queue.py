"""The forms of the review queue: the filter and the dismissal."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.rubric_cache import DimensionDefinition
from annotation.models.studies import MAX_SLOTS
from annotation.review_queue import list as queue_list

from .base import PageForm
from .discussions import reason_field
from .samples import MOST_CHOICES

# Of a scale with more levels, so many steps are offered.
MOST_RANGES = 6


class QueueFilterForm(forms.Form):
    """The filter of a queue; invalid values are left out."""

    dimension = forms.ChoiceField(label=_("Dimension"), required=False)
    domain = forms.CharField(label=_("Domain"), max_length=120, required=False)
    spread = forms.ChoiceField(label=_("Range at least"), required=False)
    scores = forms.ChoiceField(label=_("Independent scores"), required=False)
    place = forms.ChoiceField(
        label=_("Place"),
        choices=[
            ("", _("in order and random")),
            (queue_list.IN_ORDER, _("in order")),
            (queue_list.AT_RANDOM, _("random")),
        ],
        required=False,
    )

    def __init__(
        self, *args: Any, dimensions: Sequence[DimensionDefinition], domains: Sequence[str], k: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, Any]]] = {
            "dimension": [("", _("any")), *((d.key, f"{d.key} {d.name}") for d in dimensions)],
            "spread": [("", _("any")), *((f"{step:g}", f"{step:g}") for step in _range_choices(dimensions))],
            "scores": [("", _("any number")), *((str(n), str(n)) for n in range(min(k + 2, MAX_SLOTS) + 1))],
        }
        for name, offered in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = offered
        if not domains:
            del self.fields["domain"]
        elif len(domains) <= MOST_CHOICES:
            self.fields["domain"] = forms.ChoiceField(
                label=self.fields["domain"].label,
                choices=[("", _("any")), *((domain, domain) for domain in domains)],
                required=False,
            )

    def queue_filter(self, *, dismissed: bool) -> queue_list.QueueFilter:
        """Return the valid values as the filter of the list."""
        data = self.cleaned_data
        return queue_list.QueueFilter(
            dimension=data.get("dimension", ""),
            domain=data.get("domain", ""),
            spread=float(data.get("spread") or 0),
            scores=int(data["scores"]) if data.get("scores") else None,
            place=data.get("place", ""),
            dismissed=dismissed,
        )


class DismissForm(PageForm):
    """Why an entry is taken out of a queue."""

    reason = reason_field(_("It stays with the entry, which can be put back."), longest=500)


def _range_choices(dimensions: Sequence[DimensionDefinition]) -> list[float]:
    """Return the possible ranges of values on these dimensions, in rising order.

    Where they are many, some of them.
    """
    ranges = {
        round(upper.value - lower.value, 6)
        for dimension in dimensions
        for lower in dimension.levels
        for upper in dimension.levels
        if upper.value > lower.value
    }
    steps = sorted(ranges)
    if len(steps) <= MOST_RANGES:
        return steps
    every = -(-len(steps) // MOST_RANGES)
    return steps[every - 1 :: every]
