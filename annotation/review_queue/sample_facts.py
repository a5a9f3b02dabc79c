"""One sample as the queues see it: what is known of it, how it stands, and in which queues it belongs."""

from dataclasses import dataclass

from annotation.core.sample_states import SampleState
from annotation.models import QueueEntry, Sample

from . import ranking as priority

Kind = QueueEntry.Kind
UNDECIDED = frozenset(
    {SampleState.WAITING, SampleState.SCORING, SampleState.IN_REVIEW, SampleState.IN_DISCUSSION, SampleState.BLOCKED}
)
# Whatever their scores will be: they are not all there.
OPEN_ENDED = frozenset({SampleState.WAITING, SampleState.SCORING, SampleState.BLOCKED})
# Whoever scored it by themselves has done so; a discussion changes nothing about how far they were apart.
SETTLED = frozenset({SampleState.IN_DISCUSSION, SampleState.AGREED})
FREE = frozenset({Sample.Stage.UNTOUCHED.value, Sample.Stage.BEGUN.value})


@dataclass(frozen=True, slots=True)
class SampleFact:
    """What is known of one sample, and how it stands."""

    known: priority.SampleEvidence
    state: str
    stage: int
    priority: int

    @property
    def sample(self) -> int:
        """Return its primary key."""
        return self.known.sample

    @property
    def spread(self) -> float:
        """Return the widest range of values on one dimension."""
        return max((priority.observed_range(seen.values) for seen in self.known.dimensions), default=0.0)

    @property
    def scores(self) -> int:
        """Return from how many people there are values."""
        return max((len(seen.values) for seen in self.known.dimensions), default=0)

    @property
    def open_ended(self) -> bool:
        """Is it still to be seen whether annotators will differ by a dispute?"""
        return self.state in OPEN_ENDED and self.spread < priority.DISPUTE

    def belongs(self, kind: str) -> bool:
        """Tell whether the sample belongs in a queue now."""
        if kind == Kind.DISPUTED:
            return self.state in UNDECIDED
        if kind == Kind.LABEL_NEXT:
            return self.wants_scores
        dimensions = self.known.dimensions
        return self.state == SampleState.AGREED and any(
            seen.final is not None and seen.expected is not None for seen in dimensions
        )

    @property
    def wants_scores(self) -> bool:
        """Has it a slot that somebody could take?"""
        return self.stage in FREE and self.state in UNDECIDED
