"""The texts of the rules about suggestions and the order of work."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.releases.test_pool import DEFAULT_SHARE

from .vocabulary import COUNT_WORDS, format_percent

# Rounder numbers of samples than per cent, the simplest first.
_ROUND_NUMBERS = (10, 20, 50, 100)


def suggestion_rules_text(rules: Mapping[str, Any], *, pool_share: float | None) -> str:
    """Return who is shown suggestions under these rules, and how.

    ``pool_share`` is None while no pool is reserved.
    """
    parts = [_blind_text(rules["blind_share"])]
    if rules["blind_share"] < 1:
        parts += [_mixed_text(rules), _arms_text(rules["suggestions"])]
        parts.append(
            _("Where people go more than %(limit)g of the way to the judge’s value, the admins are alarmed.")
            % {"limit": rules["pull_limit"]}
        )
    if pool_share is None:
        parts.append(
            _("A test pool of %(share)s of the questions is reserved with this, where nobody meets the judge.")
            % {"share": format_percent(DEFAULT_SHARE)}
        )
    else:
        parts.append(
            _("Nobody meets the judge on the test pool either, %(share)s of the questions.")
            % {"share": format_percent(pool_share)}
        )
    return " ".join(parts)


def _blind_text(share: float) -> str:
    if share >= 1:
        return _("All samples are scored by people who do not meet the judge, so it has no effect.")
    exact = Fraction(share).limit_denominator(10_000)
    of = next((total for total in _ROUND_NUMBERS if (exact * total).denominator == 1), None)
    if of is None:
        return _("%(share)s of the samples are scored by people who do not meet the judge.") % {
            "share": format_percent(share)
        }
    return _("Of every %(of)d samples %(n)d are scored by people who do not meet the judge.") % {
        "of": of,
        "n": int(exact * of),
    }


def _mixed_text(rules: Mapping[str, Any]) -> str:
    others = rules["annotators_per_sample"] - 1
    if others < 1:
        return _("On the others, too, one does not meet it, and there is nobody else.")
    return ngettext(
        "On the others, too, one does not meet it, so that there is somebody to compare with; %(n)s does.",
        "On the others, too, one does not meet it, so that there is somebody to compare with; %(n)s do.",
        others,
    ) % {"n": COUNT_WORDS.get(others, str(others)).lower()}


def _arms_text(suggestions: str) -> str:
    return {
        "delayed": _(
            "They lock their own values first, then see the judge’s beside them and keep or change each. "
            "The locked value counts as independent, the kept or changed one decides."
        ),
        "prefilled": _(
            "They find the judge’s values marked beforehand and answer each dimension by hand. "
            "What they say decides, and does not count as independent."
        ),
        "both": _(
            "Drawn per sample, they either lock their own values first and then keep or change each, or find the "
            "judge’s marked beforehand and answer each by hand."
        ),
    }[suggestions]


def work_order_text(work_order: str) -> str:
    """Return which samples annotators are given first."""
    return {
        "disputed": _(
            "Among samples that are equally far, those that are likely to be disputed come first; every fifth is "
            "drawn at random."
        ),
        "label_next": _(
            "Among samples that are equally far, those that would teach a judge most come first; every fifth is "
            "drawn at random."
        ),
    }[work_order]
