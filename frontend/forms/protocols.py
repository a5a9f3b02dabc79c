"""The form of a study's rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotation.studies.forecast import candidate_tolerances
from annotation.studies.protocol_rules import DEFAULTS, LEAST_BLIND, RULES

from .base import PageForm

down = {"class": "choices is-vertical"}


def _field_limits(name: str, *, factor: int = 1) -> dict[str, Any]:
    """Return the least and the greatest value of a rule, for a field.

    ``factor`` turns shares into per cent.
    """
    rule = RULES[name]
    limits = {"min_value": rule.least, "max_value": rule.most}
    return {key: factor * limit for key, limit in limits.items() if limit is not None}


class ProtocolForm(PageForm):
    """Every rule; what only matters with another one is shown with that one."""

    annotators_per_sample = forms.IntegerField(
        label=_("Annotators per sample"),
        **_field_limits("annotators_per_sample"),
        help_text=_("How many score each sample independently."),
        error_messages={"required": _("Say how many.")},
    )
    decide = forms.ChoiceField(
        label=_("Where they differ"),
        choices=[
            ("discuss", _("they discuss until all stand behind one value")),
            ("aggregate", _("the lower median decides, nothing is discussed")),
        ],
        widget=forms.RadioSelect(attrs=down),
    )
    tolerance = forms.TypedChoiceField(label=_("What counts as a difference"), coerce=float)
    tie_rule = forms.ChoiceField(
        label=_("Where the middle of values that pass is no level"),
        choices=[
            ("discuss", _("they discuss it")),
            ("lower", _("the lower value around it is final")),
            ("third", _("one more annotator is asked, once")),
        ],
        help_text=_("As between 3 and 4, with an even number of values."),
        widget=forms.RadioSelect(attrs=down),
    )
    cross_review = forms.ChoiceField(
        label=_("Somebody new reviews"),
        choices=[
            ("none", _("nothing")),
            ("high", _("the high-rated samples")),
            ("share", _("a random share of the agreed samples")),
            ("all", _("every agreed sample")),
        ],
        widget=forms.RadioSelect(attrs=down),
    )
    review_threshold = forms.FloatField(
        label=_("High-rated from"), required=False, help_text=_("At least this on every dimension.")
    )
    review_share = forms.FloatField(
        label=_("Share reviewed, in per cent"), required=False, **_field_limits("review_share", factor=100)
    )
    reason_first = forms.BooleanField(
        label=_("In a discussion everybody gives an own reason before seeing what the others gave"), required=False
    )
    discussion_days = forms.IntegerField(
        label=_("Days to agree"),
        required=False,
        **_field_limits("discussion_days"),
        help_text=_("Then the admins decide. Empty: they never do by themselves."),
    )
    suggestions = forms.ChoiceField(
        label=_("Annotators see the judge’s values"),
        choices=[
            ("none", _("never")),
            ("delayed", _("once their own are locked")),
            ("prefilled", _("beforehand, marked as the judge’s")),
            ("both", _("one way or the other, drawn per sample")),
        ],
        help_text=_(
            "Never on the samples without the judge, and on all others one annotator does not see them either."
        ),
        widget=forms.RadioSelect(attrs=down),
    )
    blind_share = forms.FloatField(
        label=_("Samples without the judge, in per cent"),
        required=False,
        **_field_limits("blind_share", factor=100),
        help_text=format_lazy(
            _("At least {least}; what the judge does is told from them."), least=int(100 * LEAST_BLIND)
        ),
    )
    pull_limit = forms.FloatField(
        label=_("Alarm when people follow the judge by more than"),
        required=False,
        **_field_limits("pull_limit"),
        help_text=_("0: they pay no heed to it; 1: they go all the way to its value. 0.2 is a fifth of the way."),
    )
    work_order = forms.ChoiceField(
        label=_("Annotators are given first"),
        choices=[
            ("even", _("no sample before another")),
            ("disputed", _("samples that are likely to be disputed")),
            ("label_next", _("samples that would teach a judge most")),
        ],
        help_text=_("The review queue says which these are; every fifth is drawn at random."),
        widget=forms.RadioSelect(attrs=down),
    )
    lease_minutes = forms.IntegerField(
        label=_("Minutes a sample is reserved"),
        **_field_limits("lease_minutes"),
        help_text=_("Longer while the page is open."),
        error_messages={"required": _("Say for how long.")},
    )
    undo_minutes = forms.IntegerField(
        label=_("Minutes to undo a score"),
        **_field_limits("undo_minutes"),
        help_text=format_lazy(_("At most {most}."), most=RULES["undo_minutes"].most),
        error_messages={"required": _("Say for how long.")},
    )

    def __init__(self, *args: Any, rules: Mapping[str, Any], levels: Sequence[Sequence[float]], **kwargs: Any) -> None:
        """Begin with ``rules``; ``levels`` say which tolerances make a difference."""
        self.began_with = dict(rules)
        threshold = rules["review_threshold"]
        shown = {
            **rules,
            "tolerance": f"{rules['tolerance']:g}",
            "review_share": f"{100 * rules['review_share']:g}" if rules["review_share"] else None,
            "blind_share": f"{100 * rules['blind_share']:g}",
            "pull_limit": f"{rules['pull_limit']:g}",
            "review_threshold": None if threshold is None else f"{threshold:g}",
        }
        super().__init__(*args, initial=shown, auto_id="protocol_%s", **kwargs)
        field = self.fields["tolerance"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            (f"{one:g}", _tolerance_label(one))
            for one in candidate_tolerances(levels, also=rules["tolerance"], most=12)
        ]

    def rules(self) -> dict[str, Any]:
        """Return the rules as the service takes them; invalid fields are left out."""
        data = dict(self.cleaned_data)
        if "review_share" in data:
            data["review_share"] = round((data["review_share"] or 0) / 100, 6)
        for name, factor in (("blind_share", 100), ("pull_limit", 1)):
            # Left empty it is as by default.
            given = data.pop(name, None)
            if name not in self.errors:
                data[name] = DEFAULTS[name] if given is None else round(given / factor, 6)
        return data


def _tolerance_label(tolerance: float) -> Any:
    if not tolerance:
        return _("any difference at all")
    return _("more than %(tolerance)s apart") % {"tolerance": f"{tolerance:g}"}
