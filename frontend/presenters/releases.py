"""A release as its page shows it: aims of the split, contents and changes since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Release
from annotation.releases.changes import ReleaseChanges
from frontend.charts import svg

from . import vocabulary
from .discussions import OUTCOMES

NAMED_AT_MOST = 60


@dataclass(frozen=True, slots=True)
class SplitAim:
    """An aim of the split, and how well it was met."""

    name: str
    met: bool
    result: str
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """How the samples of a generator or of a domain are divided."""

    name: str
    train: int
    test: int
    share: float
    beyond: int
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class GeneratorReleaseRow:
    """How far the samples of a generator were agreed when the release was made."""

    name: str
    samples: int
    released: int
    open: int
    overridden: int
    drawing: SafeString


def summary_sentence(release: Release) -> str:
    """Return the one sentence that a release's page opens with."""
    parts = release.about["parts"]
    return _("%(samples)s samples: %(train)s to train, %(test)s to test") % {
        "samples": vocabulary.format_number(release.about["samples"]),
        "train": vocabulary.format_number(parts["train"]["samples"]),
        "test": vocabulary.format_number(parts["test"]["samples"]),
    }


def split_aims(release: Release) -> list[SplitAim]:
    """Return each aim of the split, with how well it was met."""
    met = release.about["met"]
    return [
        _size_aim(met["test_samples"]),
        _grouped_aim(met["grouped"]),
        _fixed_parts_aim(met["sticky"]),
        _test_pool_aim(met["pool"]),
        _stratified_aim(_("Stratified by generator"), met["generator"]),
        _stratified_aim(_("Stratified by domain"), met["domain"]),
    ]


def _size_aim(met: Mapping[str, Any]) -> SplitAim:
    result = _("%(got)s test samples; %(wanted)s were wanted") % {
        "got": vocabulary.format_number(met["got"]),
        "wanted": vocabulary.format_number(met["wanted"]),
    }
    return SplitAim(_("Size of the test part"), bool(met["exact"]), result, met["why"])


def _grouped_aim(met: Mapping[str, Any]) -> SplitAim:
    result = _("%(both)s of %(questions)s questions have samples in both parts") % {
        "both": vocabulary.format_number(met["in_both"]),
        "questions": vocabulary.format_number(met["questions"]),
    }
    return SplitAim(_("Grouped by question"), not met["in_both"], result)


def _fixed_parts_aim(met: Mapping[str, Any]) -> SplitAim:
    before = met["train"] + met["test"]
    if not before:
        return SplitAim(_("Parts are for ever"), True, _("no question had a part before this release"))
    result = ngettext(
        "%(moved)s of %(before)s question that had a part has another one now",
        "%(moved)s of %(before)s questions that had a part have another one now",
        before,
    ) % {"moved": vocabulary.format_number(met["moved"]), "before": vocabulary.format_number(before)}
    return SplitAim(_("Parts are for ever"), not met["moved"], result)


def _test_pool_aim(met: Mapping[str, Any]) -> SplitAim:
    name = _("Test from the reserved pool alone")
    if not met["reserved"]:
        return SplitAim(
            name, True, _("no pool was reserved: no suggestion had been shown, so every question could be test")
        )
    result = _("%(outside)s test questions from outside of the pool, which has %(questions)s of those released") % {
        "outside": vocabulary.format_number(met["outside"]),
        "questions": vocabulary.format_number(met["questions"]),
    }
    return SplitAim(name, not met["outside"], result)


def _stratified_aim(name: str, met: Mapping[str, Any]) -> SplitAim:
    values = len(met["values"])
    if values < 2:
        return SplitAim(name, True, _("there is only one"))
    worst = met["largest"]
    counted = {"n": vocabulary.format_number(values), "worst": vocabulary.format_number(worst)}
    if not worst:
        result = _("each of %(n)s has its share of the test part, as near as whole samples come to it") % counted
    else:
        result = (
            ngettext(
                "of %(n)s the worst is %(worst)s sample off its share of the test part",
                "of %(n)s the worst is %(worst)s samples off its share of the test part",
                worst,
            )
            % counted
        )
    return SplitAim(name, not worst, result, _("Whole questions allow no better, or nearly so.") if worst else "")


def balance_rows(release: Release, field: str) -> list[BalanceRow]:
    """Return how each generator or domain is divided, drawn beside the share of the whole."""
    rows = release.about["met"][field]["values"][:NAMED_AT_MOST]
    most = max((row["train"] + row["test"] for row in rows), default=0)
    return [
        BalanceRow(
            name=row["value"] or _("(none)"),
            train=row["train"],
            test=row["test"],
            share=row["share"],
            beyond=row["beyond"],
            drawing=svg.draw_stacked_bar(
                [("fill-ink-3", row["train"]), ("fill-ink", row["test"])],
                full_amount=most,
                label=_("%(test)s of %(all)s are test") % {"test": row["test"], "all": row["train"] + row["test"]},
            ),
        )
        for row in rows
    ]


def generator_release_rows(release: Release) -> list[GeneratorReleaseRow]:
    """Return how much of each generator was agreed, open and overridden."""
    rows = release.about["generators"][:NAMED_AT_MOST]
    most = max((row["samples"] for row in rows), default=0)
    return [
        GeneratorReleaseRow(
            name=row["generator"] or _("(none)"),
            samples=row["samples"],
            released=row["released"],
            open=row["open"],
            overridden=row["overridden"],
            drawing=svg.draw_stacked_bar(
                [
                    ("fill-ink", row["released"] - row["overridden"]),
                    ("fill-attention", row["overridden"]),
                    ("fill-ink-3", row["open"]),
                ],
                full_amount=most,
                label=_("%(agreed)s agreed, %(overridden)s of them overridden, %(open)s open")
                % {"agreed": row["released"], "overridden": row["overridden"], "open": row["open"]},
            ),
        )
        for row in rows
    ]


def changes_sentence(changes: ReleaseChanges) -> str:
    """Return a sentence on how a release made now would differ."""
    if not changes.has_changes:
        return _("Nothing: a release made now would hold the same scores.")
    clauses = []
    for count, singular, plural in (
        (changes.changed, _("%(n)s sample has another final score"), _("%(n)s samples have another final score")),
        (changes.open, _("%(n)s is not agreed any more"), _("%(n)s are not agreed any more")),
        (changes.withdrawn, _("%(n)s is withdrawn"), _("%(n)s are withdrawn")),
        (changes.added, _("%(n)s has been agreed that is not in it"), _("%(n)s have been agreed that are not in it")),
    ):
        if count:
            clauses.append((singular if count == 1 else plural) % {"n": vocabulary.format_number(count)})
    return _(", ").join(clauses) + "."


def outcome_table(release: Release) -> tuple[list[str], list[tuple[str, Sequence[int]]]]:
    """Return the outcomes that occur, and how often each does per dimension."""
    counted: Mapping[str, Mapping[str, int]] = release.about["outcomes"]
    names = sorted(
        {name for row in counted.values() for name in row}, key=lambda name: (-_count_outcome(counted, name), name)
    )
    words = [str(OUTCOMES.get(name, name)) for name in names]
    keys = [row["dimension"] for row in release.about["agreement"]["rows"]]
    return words, [(key, [counted.get(key, {}).get(name, 0) for name in names]) for key in keys]


def _count_outcome(counted: Mapping[str, Mapping[str, int]], name: str) -> int:
    return sum(row.get(name, 0) for row in counted.values())
