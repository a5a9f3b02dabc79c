"""Plain values of a discussion as one reader sees it."""

from dataclasses import dataclass
from datetime import datetime

from annotation.core.sample_content import SampleView


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """A participant; ``waits`` is None where the viewer may not know yet."""

    alias: str
    me: bool
    state: str
    waits: bool | None
    name: str | None = None
    """Only for admins."""
    member_id: str | None = None
    """Only for admins and researchers."""
    away: str | None = None
    """Only for admins: why they cannot answer (paused, left, researcher, `no_login`)."""


@dataclass(frozen=True, slots=True)
class MineView:
    """The viewer's own stance on a dimension."""

    first: float | None
    current: float | None
    reasoned_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class StanceView:
    """A participant's stance on a dimension."""

    alias: str
    first: float | None
    current: float | None
    reasoned_at: datetime | None
    answered_at: datetime | None
    excused: bool


@dataclass(frozen=True, slots=True)
class PostView:
    """One post."""

    id: str
    alias: str
    kind: str
    before: float | None
    value: float | None
    reason: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TopicView:
    """One disputed dimension, without the others' stances until it is revealed to the viewer."""

    key: str
    name: str
    state: str
    revealed: bool
    mine: MineView | None
    stances: tuple[StanceView, ...] | None
    posts: tuple[PostView, ...]
    waits_for: tuple[str, ...] | None
    value: float | None
    outcome: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SettledView:
    """A dimension that is not discussed; ``value`` and ``firsts`` are None where the viewer may not know yet."""

    key: str
    name: str
    value: float | None
    outcome: str
    firsts: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A discussion as one reader may see it."""

    id: str
    sample: SampleView
    study_slug: str
    state: str
    because: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    version: int
    me: str | None
    waits_for_me: bool
    participants: tuple[ParticipantView, ...]
    topics: tuple[TopicView, ...]
    settled: tuple[SettledView, ...]
    leads: bool
    """Whether names are shown, and with them everything there is."""


@dataclass(frozen=True, slots=True)
class DiscussionListRow:
    """A discussion's row in a list; None stands for what the viewer may not know yet."""

    id: str
    sample_public_id: str
    sample_external_id: str | None
    state: str
    because: str
    spread: float | None
    dimensions: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    me: str | None
    waits_for_me: bool
    waits_for: tuple[str, ...] | None
    """Names for admins, pseudonyms of the study for researchers, else those of the discussion."""
    away: tuple[str, ...] = ()
    """Only for admins: those awaited who are paused, have left or have no login."""
