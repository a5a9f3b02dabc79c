"""What must hold in a study at every moment, whoever did whatever in whichever order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import Event, SampleState, next_state
from annotation.models import (
    Assignment,
    Discussion,
    Exposure,
    FinalScore,
    HistoryEntry,
    Participant,
    Rating,
    Sample,
    Score,
    Study,
    Suggestion,
    Topic,
)
from annotation.suggestions.arms import SuggestionArm
from judge.missing_sides import locked_dimensions

EVENTS = set(Event)


@dataclass(frozen=True)
class Life:
    """A sample with all there is about it."""

    sample: Sample
    assignments: list[Assignment]
    scores: list[Score]
    finals: list[FinalScore]
    discussions: list[Discussion]
    open_topics: set[int]
    events: list[str]
    suggestions: list[Suggestion]
    k: int


def broken(study: Study) -> list[str]:
    """Return every rule that the rows of a study break."""
    found: list[str] = []
    for life in _lives(study):
        found += [f"{life.sample.state} sample {life.sample.pk}: {fault}" for fault in _faults(life)]
    return [*found, *_unsigned(study)]


def _lives(study: Study) -> list[Life]:
    """Return all samples of a study; read at once, as this is asked after every step of a story."""
    ours = {"sample__study": study}

    def of(rows: Iterable[Any]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            found[row.sample_id].append(row)
        return found

    assignments = of(Assignment.objects.filter(**ours))
    scores = of(Score.objects.filter(**ours, voided_at=None, round=1))
    finals = of(FinalScore.objects.filter(**ours, current=True))
    discussions = of(Discussion.objects.filter(**ours).exclude(state="closed"))
    entries = of(HistoryEntry.objects.filter(**ours).order_by("pk").only("sample_id", "event"))
    shown: dict[int, list[Suggestion]] = defaultdict(list)
    for row in Suggestion.objects.filter(assignment__sample__study=study).select_related("assignment"):
        shown[row.assignment.sample_id].append(row)
    topics: dict[int, set[int]] = defaultdict(set)
    still = Topic.objects.filter(discussion__study=study, closed_at=None).exclude(discussion__state="closed")
    for sample, dimension in still.values_list("discussion__sample", "dimension"):
        topics[sample].add(dimension)
    return [
        Life(
            sample,
            assignments[sample.pk],
            scores[sample.pk],
            finals[sample.pk],
            discussions[sample.pk],
            topics[sample.pk],
            [entry.event for entry in entries[sample.pk]],
            shown[sample.pk],
            sample.protocol.annotators_per_sample if sample.protocol else 0,
        )
        for sample in Sample.objects.filter(study=study).select_related("study", "protocol").order_by("pk")
    ]


def _faults(life: Life) -> Iterator[str]:
    sample = life.sample
    leased = sum(1 for one in life.assignments if one.state == Assignment.State.LEASED)
    free = sample.free_slots.bit_count()
    revising = [one for one in life.assignments if one.revise_until is not None]
    wanting = max(0, sample.scores_needed - sample.scores_in - leased)
    if (sample.stage == Sample.Stage.BEGUN) != (free > 0):
        yield f"stage {sample.stage} with {free} free slots"
    if sample.state == SampleState.WAITING and (sample.stage != Sample.Stage.UNTOUCHED or sample.scores_needed):
        yield "is waiting but was opened"
    if sample.state in (SampleState.SCORING, SampleState.IN_REVIEW):
        if sample.protocol_id is None:
            yield "has no rules"
        if free != wanting:
            yield f"{free} free slots, {leased} leased, {sample.scores_in} of {sample.scores_needed} scores"
        if not leased and not revising and sample.scores_in >= sample.scores_needed:
            yield "has its scores and is not decided"
    elif sample.state != SampleState.WAITING and (sample.stage != Sample.Stage.CLOSED or free):
        yield "can still be handed out"
    if sample.state in (SampleState.AGREED, SampleState.IN_DISCUSSION, SampleState.WITHDRAWN) and leased:
        yield "is still in somebody's hands"
    if revising and sample.state not in (SampleState.SCORING, SampleState.BLOCKED):
        yield "can still be revised"
    yield from _miscounted(life)
    yield from _arms_that_do_not_fit(life)
    yield from _values_that_do_not_fit(life)
    state = SampleState.WAITING
    for event in life.events:
        if event in EVENTS:
            state = next_state(state, Event(event))
    if state != sample.state:
        yield f"its history ends in {state}"


def _miscounted(life: Life) -> Iterator[str]:
    standing = [one for one in life.scores if life.sample.counts_imported or one.origin == "given"]
    if len(standing) != life.sample.scores_in:
        yield f"counts {life.sample.scores_in} scores and has {len(standing)}"
    if len({one.member_id for one in life.scores}) != len(life.scores):
        yield "was scored twice by one and the same"
    slots = [one.slot for one in life.assignments if one.state <= Assignment.State.SCORED]
    if len(set(slots)) != len(slots):
        yield "has a slot in two hands"


def _arms_that_do_not_fit(life: Life) -> Iterator[str]:
    given = {one.assignment_id: one for one in life.scores if one.origin == "given"}
    for one in life.assignments:
        score = given.get(one.pk)
        if score is not None and score.arm != one.arm:
            yield f"assignment {one.pk} is in arm {one.arm}, its score in {score.arm}"
        if one.arm != SuggestionArm.BLIND and one.state <= Assignment.State.SCORED and one.slot > life.k:
            yield f"somebody meets a judge in slot {one.slot}"
    of = {one.pk: one for one in life.assignments}
    for row in life.suggestions:
        one, score = of[row.assignment_id], given.get(row.assignment_id)
        if one.arm == SuggestionArm.BLIND:
            yield f"assignment {one.pk} is blind and has something to be shown"
        if (row.shown_at is not None) != (one.arm == SuggestionArm.PREFILLED or score is not None):
            yield f"assignment {one.pk} was shown a judge's value, or was not, against its arm {one.arm}"
        if (row.final_id is not None) != (score is not None and one.revise_until is None):
            yield f"assignment {one.pk} has {row.final_id} as what decides"
    met = [score.arm for score in given.values()]
    if (
        life.sample.state in (SampleState.AGREED, SampleState.IN_DISCUSSION)
        and any(met)
        and SuggestionArm.BLIND not in met
    ):
        yield "was decided without a blind score"


def _values_that_do_not_fit(life: Life) -> Iterator[str]:
    sample, rubric = life.sample, load_rubric(life.sample.study.rubric_id)
    everything = {dimension.id for dimension in rubric.dimensions}
    settled = {final.dimension_id for final in life.finals}
    if len(life.finals) != len(settled):
        yield "has two current values on one dimension"
    if len(life.discussions) != (sample.state == SampleState.IN_DISCUSSION):
        yield f"has {len(life.discussions)} running discussions"
    if (sample.state == SampleState.AGREED) != (settled == everything):
        yield f"has current values on {len(settled)} of {len(everything)} dimensions"
    if sample.state == SampleState.IN_DISCUSSION:
        if not life.open_topics or life.open_topics != everything - settled:
            yield f"discusses {life.open_topics}, but {everything - settled} have no value"
    elif sample.state != SampleState.AGREED and settled:
        yield "has current values"
    locked = locked_dimensions(rubric.dimensions, has_text=sample.has_text, has_image=sample.has_image)
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    for final in life.finals:
        key = key_of[final.dimension_id]
        if (final.outcome == "by_rule") != (key in locked):
            yield f"{key} is {final.outcome}"


def _unsigned(study: Study) -> Iterator[str]:
    """Yield discussed values that somebody who took part has not signed."""
    signed: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    rows = Rating.objects.filter(score__sample__study=study, score__origin="signed")
    for discussion, dimension, member, level in rows.values_list(
        "score__discussion", "dimension", "score__member", "level"
    ):
        signed[discussion, dimension][member] = level
    for final in FinalScore.objects.filter(sample__study=study, outcome="discussed"):
        signatures = signed[final.discussion_id or 0, final.dimension_id]
        if len(signatures) < 2 or set(signatures.values()) != {final.level_id}:
            yield f"discussed value {final.pk} has the signatures {signatures}"
        # Whoever replaced somebody may have come after this dimension had closed.
        first = Participant.objects.filter(discussion=final.discussion, replaces=None, state="active")
        missing = set(first.values_list("member", flat=True)) - signatures.keys()
        if missing:
            yield f"discussed value {final.pk} is not signed by {missing}"


@dataclass
class Memory:
    """What was there before: nothing of it may change, and what followed must have been allowed."""

    study: Study
    scores: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    ratings: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    posts: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    finals: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    entries: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    suggestions: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    seen: dict[tuple[int, int], int] = field(default_factory=dict)
    """Member and sample of everybody who knows its scores, with the last score of the study at that time."""

    def changes(self) -> list[str]:
        """Return what was changed or deleted that never may be, and remember what is new."""
        ours = {"sample__study": self.study}
        rows = {
            "scores": Score.objects.filter(**ours).values_list(
                "pk", "sample", "member", "round", "origin", "at", "arm"
            ),
            "ratings": Rating.objects.filter(score__sample__study=self.study).values_list(
                "pk", "score", "dimension", "level", "note"
            ),
            "posts": Discussion.objects.filter(study=self.study, posts__isnull=False).values_list(
                "posts__pk", "posts__participant", "posts__kind", "posts__before", "posts__level", "posts__text"
            ),
            "finals": FinalScore.objects.filter(**ours).values_list(
                "pk", "sample", "dimension", "level", "version", "outcome", "discussion", "reason"
            ),
            # What somebody was shown stays shown, and with it that they are not blind.
            "suggestions": Suggestion.objects.filter(
                assignment__sample__study=self.study, shown_at__isnull=False
            ).values_list("pk", "assignment", "assignment__arm", "dimension", "run", "shown", "shown_at", "first"),
            "entries": HistoryEntry.objects.filter(**ours).values_list("pk", "sample", "event", "member"),
        }
        found: list[str] = []
        for name, now in rows.items():
            before: dict[int, tuple[Any, ...]] = getattr(self, name)
            current = {row[0]: row for row in now}
            if name == "scores":
                # A signature's score takes the time of its last value.
                current = {pk: row[:5] if row[4] == "signed" else row for pk, row in current.items()}
            if name == "suggestions":
                # What was said at first comes after what was shown.
                before = {pk: row if row[-1] else (*row[:-1], current.get(pk, row)[-1]) for pk, row in before.items()}
            found += [
                f"{name} {pk}: {row} became {current.get(pk)}" for pk, row in before.items() if current.get(pk) != row
            ]
            setattr(self, name, current)
        return [*found, *self._not_independent()]

    def _not_independent(self) -> list[str]:
        given = Score.objects.filter(sample__study=self.study, round=1, origin="given")
        found = [
            f"score {pk} of member {member} came after they had seen sample {sample}"
            for pk, member, sample in given.values_list("pk", "member", "sample")
            if pk > self.seen.get((member, sample), pk)
        ]
        last = max(self.scores, default=0)
        exposed = Exposure.objects.filter(sample__study=self.study).values_list("member", "sample")
        taking_part = Participant.objects.filter(discussion__study=self.study)
        for pair in [*exposed, *taking_part.values_list("member", "discussion__sample")]:
            self.seen.setdefault(pair, last)
        return found
