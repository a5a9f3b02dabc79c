"""The timeline of one sample: who did what, when, with state changes. Read-only.

Only for those who read results; researchers get pseudonyms. Imports leave no step of their own on each sample, so
theirs are told from what they left: the sample, its imported scores and its imported values.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotation.core.sample_states import TRANSITIONS, Event, SampleState
from annotation.models import FinalScore, HistoryEntry, Member, Post, Rating, Revision, Sample, Score, Skip

Values = Mapping[str, float | None]
# What an admin says in words; elsewhere `reason` is one of a list.
IN_WORDS = (
    "participant_excused",
    "participant_replaced",
    "deadline_set",
    "topic_overridden",
    Event.REVIEW_ASKED,
    Event.REOPENED,
    Event.SENT_BACK,
    Event.RESTORED,
    Event.WITHDRAWN,
    "queue_dismissed",
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step.

    ``who`` is empty where nobody in particular did it. ``values`` are a score's, or those that were agreed with this
    step; ``before`` and ``value`` belong to ``dimension``. ``reason`` is one of a list, ``text`` is in words.
    ``about`` is the person that the step is about, where that is not who did it; ``discussion`` is the public id of
    the discussion that it is part of.
    """

    at: datetime | None
    who: str
    event: str
    from_state: str
    to_state: str
    dimension: str = ""
    before: Any = None
    value: Any = None
    values: Values = field(default_factory=dict)
    dimensions: tuple[str, ...] = ()
    reason: str = ""
    text: str = ""
    about: str = ""
    discussion: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step before the states are known."""

    at: datetime | None
    who: str
    event: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    text: str = ""


def read_timeline(sample: Sample, *, names: bool) -> list[TimelineEntry]:
    """Return all steps of a sample, oldest first; pseudonyms without ``names``."""
    rows = list(HistoryEntry.objects.filter(sample=sample).select_related("member", "user").order_by("pk"))
    called = {member.public_id: member.display_name(names=names) for member in _read_people(sample, rows)}
    scores = _read_scores(sample)
    posts = dict(Post.objects.filter(discussion__sample=sample).values_list("public_id", "text"))
    skips = dict(Skip.objects.filter(assignment__sample=sample).values_list("assignment__member_id", "note"))
    revisions = dict(Revision.objects.filter(assignment__sample=sample).values_list("pk", "values"))
    rows_of_finals = FinalScore.objects.filter(sample=sample).select_related("dimension", "level")
    finals = list(rows_of_finals.order_by("version", "dimension__position"))
    steps = _merge_imports(
        _import_steps(sample, scores, finals, names),
        [
            _Step(
                at=row.at,
                who=_author_name(row, names),
                event=row.event,
                detail=row.detail,
                values=_step_values(row, scores, revisions, _finals_at(finals, row.at)),
                text=posts.get(row.detail.get("post", ""), "")
                or (skips.get(row.member_id or 0, "") if row.event == Event.SKIPPED else ""),
            )
            for row in rows
        ],
    )
    return _with_states(steps, called)


def _with_states(steps: Iterable[_Step], called: Mapping[str, str]) -> list[TimelineEntry]:
    entries = []
    state = SampleState.WAITING
    for step in steps:
        detail = step.detail
        following = SampleState(detail["to"]) if "to" in detail else _following(state, step.event)
        said = str(detail.get("reason", ""))
        in_words = step.event in IN_WORDS
        entries.append(
            TimelineEntry(
                at=step.at,
                who=step.who,
                event=step.event,
                from_state=state,
                to_state=following,
                dimension=detail.get("dimension", ""),
                before=detail.get("before"),
                value=detail.get("value"),
                values=step.values,
                dimensions=tuple(detail.get("dimensions", ())),
                reason="" if in_words else said,
                text=said if in_words else step.text,
                about=called.get(detail.get("member", ""), ""),
                discussion=detail.get("discussion", ""),
            )
        )
        state = following
    return entries


def _following(state: SampleState, event: str) -> SampleState:
    if event not in set(Event):
        return state
    return TRANSITIONS.get((state, Event(event)), state)


def _read_people(sample: Sample, rows: Iterable[HistoryEntry]) -> Iterable[Member]:
    wanted = {row.detail["member"] for row in rows if "member" in row.detail}
    return Member.objects.filter(study=sample.study_id, public_id__in=wanted) if wanted else []


@dataclass(frozen=True, slots=True)
class _Score:
    score: Score
    values: dict[str, float | None]


def _read_scores(sample: Sample) -> dict[int, _Score]:
    """Return every score of a sample with its values, undone ones included, by primary key."""
    found = {
        score.pk: _Score(score, {})
        for score in Score.objects.filter(sample=sample).select_related("member").order_by("pk")
    }
    for score, key, value in (
        Rating.objects.filter(score__sample=sample)
        .order_by("dimension__position")
        .values_list("score_id", "dimension__key", "level__value")
    ):
        found[score].values[key] = value
    return found


def _import_steps(sample: Sample, scores: dict[int, _Score], finals: list[FinalScore], names: bool) -> list[_Step]:
    """Return what imports did to a sample."""
    steps = [_Step(sample.created_at, "", "imported")]
    by_version: dict[int, list[FinalScore]] = defaultdict(list)
    for final in finals:
        by_version[final.version].append(final)
    for version in by_version.values():
        outcomes = {final.outcome for final in version}
        if FinalScore.Outcome.IMPORTED in outcomes:
            event = Event.LABELS_IMPORTED
        elif outcomes == {FinalScore.Outcome.BY_RULE}:
            event = Event.DECIDED_BY_RULE
        else:
            continue
        steps.append(_Step(version[0].at, "", event, values=_agreed_values(version)))
    for one in scores.values():
        if one.score.origin == Score.Origin.IMPORTED:
            steps.append(
                _Step(one.score.at, one.score.member.display_name(names=names), "score_imported", values=one.values)
            )
    return steps


def _merge_imports(imported: list[_Step], steps: list[_Step]) -> list[_Step]:
    """Merge import steps into the timeline by their time."""
    arrived, *others = imported
    merged = list(steps)
    for one in reversed([step for step in others if step.event != "score_imported"]):
        place = next((i for i, step in enumerate(merged) if step.at and one.at and step.at > one.at), len(merged))
        merged.insert(place, one)
    return [arrived, *(step for step in others if step.event == "score_imported"), *merged]


def _step_values(row: HistoryEntry, scores: dict[int, _Score], revisions: dict[int, Values], agreed: Values) -> Values:
    if row.event in (Event.AGREED, Event.DISPUTED):
        return agreed
    if row.event in (Event.REVISED, Event.REVISION_UNDONE):
        return revisions.get(row.detail["revision"], {})
    score = scores.get(row.detail.get("score", 0))
    return score.values if score is not None else {}


def _finals_at(finals: list[FinalScore], at: datetime) -> Values:
    return _agreed_values([final for final in finals if final.at == at])


def _agreed_values(finals: Iterable[FinalScore]) -> Values:
    return {final.dimension.key: None if final.level is None else final.level.value for final in finals}


def _author_name(row: HistoryEntry, names: bool) -> str:
    if row.member is not None:
        return row.member.display_name(names=names)
    if row.user is not None:
        return str(row.user) if names else "admin"
    return ""
