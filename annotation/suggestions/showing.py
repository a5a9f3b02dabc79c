"""Suggestions to annotators: which slots have them, storing them, and showing them.

Only this module reads predictions for annotators. What leaves it has been shown or is shown now.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotation.core.rubric_cache import RubricDefinition
from judge.missing_sides import locked_dimensions

from . import suggestions_sql as sql
from .arms import ArmDraw, SlotChoice, SuggestionArm, choose_slot, draw_arm


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A judge's values by dimension as an annotator sees them; uncertainty only in the delayed arm."""

    arm: str
    ratings: dict[str, float]
    expected: dict[str, float] | None = None
    interval: dict[str, tuple[float, float] | None] | None = None
    sd: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class JudgeValue:
    """A judge's value on one dimension, its level by primary key."""

    dimension_id: int
    level_id: int
    expected: float
    sd: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SuggestionRule:
    """The draw, the judge's values and the exposure that decide a member's slot and arm on a sample."""

    draw: ArmDraw
    run_id: int | None
    judge_values: tuple[JudgeValue, ...]
    shown: bool
    """They were shown prefilled values of this sample before."""
    blind_elsewhere: bool

    def choose_slot(self, free: int) -> SlotChoice | None:
        """Return the free slot that the member may take, with its arm."""
        choice = self._choose_drawn_slot(free)
        if choice is None or self.shown or self.judge_values:
            return choice
        return SlotChoice(choice.slot, SuggestionArm.BLIND)

    def choose_slot_again(self, free: int, arm: SuggestionArm) -> SlotChoice | None:
        """Return the slot for a member who lost theirs while working in an arm."""
        choice = self._choose_drawn_slot(free)
        if choice is None or self.shown or choice.arm is SuggestionArm.BLIND:
            return choice
        # Not what was drawn for the slot, as what they are to be shown is fixed; whoever was blind stays blind.
        return SlotChoice(choice.slot, arm)

    def _choose_drawn_slot(self, free: int) -> SlotChoice | None:
        return choose_slot(self.draw, free, shown=self.shown, blind_elsewhere=self.blind_elsewhere)


def suggestion_rules(
    sample_ids: Sequence[int], *, member_id: int, protocol_id: int, rubric: RubricDefinition
) -> dict[int, SuggestionRule]:
    """Return the member's suggestion rule for each of the samples, in one query."""
    rules = {}
    for row in sql.read_suggestion_contexts(sample_ids, member_id=member_id, protocol_id=protocol_id):
        rules[row.sample_id] = SuggestionRule(
            draw=draw_arm(
                row.public_id,
                suggestions=row.suggestions,
                blind_share=row.blind_share,
                k=row.k,
                kept_blind=row.kept_blind,
            ),
            run_id=row.run_id,
            judge_values=_judge_values(row, rubric),
            shown=row.own_arm == SuggestionArm.PREFILLED,
            blind_elsewhere=row.blind_elsewhere,
        )
    return rules


def _judge_values(row: sql.SuggestionContext, rubric: RubricDefinition) -> tuple[JudgeValue, ...]:
    """Return the judge's values on the dimensions that people score on this sample."""
    if row.run_id is None:
        return ()
    locked = locked_dimensions(rubric.dimensions, has_text=row.has_text, has_image=row.has_image)
    values = []
    for dimension in rubric.dimensions:
        prediction = row.dimensions.get(dimension.key)
        level = None if prediction is None or prediction.get("rule") else dimension.level_of.get(prediction["rounded"])
        if prediction is None or level is None or dimension.key in locked:
            continue
        low, high = prediction.get("interval") or (None, None)
        values.append(JudgeValue(dimension.id, level, prediction["expected"], prediction["sd"], low, high))
    return tuple(values)


def store_suggestions(
    taken: Iterable[tuple[int, SuggestionRule, SlotChoice]], *, returning: Collection[int], at: datetime
) -> None:
    """Store the suggestions of new leases; call it in the transaction that leases them.

    ``taken`` are assignments with how they meet the judge; ``returning`` are those of them that were held before. What
    their annotator was shown stays; what nobody saw gives way to what the judge of now says.
    """
    new = []
    if returning:
        sql.forget_unseen(list(returning))
    for assignment_id, rule, choice in taken:
        if choice.arm is SuggestionArm.BLIND or rule.shown or rule.run_id is None:
            continue
        shown_at = at if choice.arm is SuggestionArm.PREFILLED else None
        new += [
            sql.NewSuggestion(
                assignment_id=assignment_id,
                dimension_id=value.dimension_id,
                run_id=rule.run_id,
                shown_id=value.level_id,
                expected=value.expected,
                sd=value.sd,
                low=value.low,
                high=value.high,
                shown_at=shown_at,
            )
            for value in rule.judge_values
        ]
    # Who waited for a sample while it got other content had read what was said of the old one.
    standing = sql.assignments_with_prediction([row.assignment_id for row in new]) if new else set()
    sql.insert_suggestions([row for row in new if (row.assignment_id, row.run_id) in standing])


def fixed_dimensions(assignment: int, rubric: RubricDefinition) -> frozenset[str]:
    """Return the dimensions with a suggestion under an assignment, seen or not."""
    dimension_ids = {row.dimension_id for row in sql.read_suggestions([assignment])}
    return frozenset(dimension.key for dimension in rubric.dimensions if dimension.id in dimension_ids)


def build_suggestion_views(assignments: Sequence[int], rubric: RubricDefinition) -> dict[int, SuggestionView]:
    """Return the suggestions already shown under assignments, without hidden ones."""
    rows: dict[int, list[sql.ShownSuggestion]] = {}
    for row in sql.read_suggestions(assignments) if assignments else ():
        if row.seen:
            rows.setdefault(row.assignment_id, []).append(row)
    return {pk: build_suggestion_view(of, rubric) for pk, of in rows.items()}


def build_suggestion_view(rows: Sequence[sql.ShownSuggestion], rubric: RubricDefinition) -> SuggestionView:
    """Return the suggestions of one assignment as they are shown."""
    by_dimension = {row.dimension_id: row for row in rows}
    said = [(one.key, by_dimension[one.id]) for one in rubric.dimensions if one.id in by_dimension]
    ratings = {key: rubric.value_of(row.shown_id) for key, row in said}
    arm = SuggestionArm(rows[0].arm)
    if arm is not SuggestionArm.DELAYED:
        return SuggestionView(arm.name.lower(), ratings)
    return SuggestionView(
        arm.name.lower(),
        ratings,
        expected={key: row.expected for key, row in said},
        interval={key: None if row.low is None or row.high is None else (row.low, row.high) for key, row in said},
        sd={key: row.sd for key, row in said},
    )
