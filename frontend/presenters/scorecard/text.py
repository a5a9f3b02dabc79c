"""The texts that the parts of a scorecard share.

Enumerations, numbers with their intervals and names of baselines.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from frontend.presenters.annotator_remarks import format_two_decimals

# From the weakest to the one that knows most.
BASELINES = ("constant", "generator", "features")
BASELINE_WORDS = {
    "constant": lazy("the constant"),
    "generator": lazy("the generator mean"),
    "features": lazy("hand-made features"),
}
MARK_WORDS = {
    "human": lazy("one annotator against the others"),
    "constant": lazy("constant"),
    "generator": lazy("generator mean"),
    "features": lazy("hand-made features"),
}
NAMED_AT_MOST = 6


def enumerate_names(names: Sequence[str]) -> str:
    """Return names in a row: TCC, ICC and ITS."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def enumerate_or_count(names: Sequence[str]) -> str:
    """Return names as an enumeration; of too many some and the number of others."""
    if len(names) <= NAMED_AT_MOST:
        return enumerate_names(names)
    n_others = len(names) - NAMED_AT_MOST + 1
    return _("%(first)s and %(n)s more") % {"first": ", ".join(names[: NAMED_AT_MOST - 1]), "n": n_others}


def format_interval(ends: Sequence[float] | None) -> str:
    """Return an interval in words; nothing where there is none."""
    return (
        _("%(low)s to %(high)s") % {"low": format_two_decimals(ends[0]), "high": format_two_decimals(ends[1])}
        if ends
        else ""
    )


def baselines_by_name(dimension: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the metrics of a dimension's baselines, the weakest first."""
    by_name = {baseline["baseline"]: baseline for baseline in dimension.get("baselines") or []}
    return {name: by_name[name] for name in BASELINES if name in by_name}


def format_percent(share: float) -> str:
    """Return a share in per cent: whole from ten on, with one decimal below."""
    value = 100 * share
    if value == 0 or round(value, 1) >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if round(value, 1) > 0 else "<0.1"
