"""Remarks on annotators, and numbers as people read them.

Two decimals, a real minus, and a dash for what is not known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from .vocabulary import format_decimals

MINUS = "−"

# What the calculation finds noteworthy about an annotator on a dimension, in words.
NOTEWORTHY = {
    "harsh": lazy("harsh"),
    "generous": lazy("generous"),
    "narrow": lazy("narrow"),
    "wide": lazy("wide"),
}

LEVEL_SENTENCES = {
    "ordinal": lazy("two values are as far apart as there are ratings between them"),
    "interval": lazy("two values are as far apart as their difference, squared"),
    "nominal": lazy("two values are the same or they are not, however near they lie"),
}


def format_two_decimals(value: float | None) -> str:
    """Return a number with two decimals and a real minus."""
    if value is None:
        return "–"
    return (MINUS if value < 0 and round(value, 2) != 0 else "") + format_decimals(abs(value), 2)


def format_signed(value: float | None) -> str:
    """Return a difference with its sign and two decimals.

    One that rounds to zero has no sign.
    """
    if value is None:
        return "–"
    text = format_decimals(abs(value), 2)
    if round(value, 2) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def noteworthy_word(code: str) -> str:
    """Return one remark on an annotator in words."""
    return str(NOTEWORTHY.get(code, code.replace("_", " ")))


def remarks_text(rows: Sequence[Mapping[str, Any]], overall: Mapping[str, Any]) -> str:
    """Return the remarks on one annotator.

    What has changed comes first, then what is noteworthy on dimensions.

    A word that holds on every dimension stands alone; any other one names the dimensions.
    """
    texts = [*_change_texts(overall)]
    by_word: dict[str, list[str]] = {}
    for row in rows:
        if row.get("noteworthy"):
            by_word.setdefault(row["noteworthy"], []).append(row["dimension"])
    for code, dimensions in by_word.items():
        text = noteworthy_word(code)
        if len(dimensions) < len(rows):
            text = _("%(remark)s on %(dimensions)s") % {"remark": text, "dimensions": ", ".join(dimensions)}
        texts.append(text)
    tested = overall.get("bias_change")
    if by_word and tested and not has_changed(overall):
        texts[-1] = _("%(remark)s, steady") % {"remark": texts[-1]}
    return "; ".join(texts)


def has_changed(overall: Mapping[str, Any]) -> bool:
    """Tell whether an annotator's bias or pace has changed noteworthily.

    That is by more than chance and by enough to matter.
    """
    return any((overall.get(name) or {}).get("noteworthy") for name in ("bias_change", "pace_change"))


def _change_texts(overall: Mapping[str, Any]) -> Iterator[str]:
    bias, pace = overall.get("bias_change"), overall.get("pace_change")
    if bias and bias["noteworthy"]:
        yield _("bias %(before)s to %(after)s since week %(week)s") % {
            "before": format_signed(bias["before"]),
            "after": format_signed(bias["after"]),
            "week": week_number(bias["since"]),
        }
    if pace and pace["noteworthy"]:
        yield _("%(before)s s to %(after)s s per sample since week %(week)s") % {
            "before": f"{pace['before']:.0f}",
            "after": f"{pace['after']:.0f}",
            "week": week_number(pace["since"]),
        }


def week_number(name: str) -> str:
    """Return the number of an ISO week from its name: 7 from 2026-W07."""
    return name.rpartition("W")[2].lstrip("0")
