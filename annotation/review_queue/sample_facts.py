"""The facts about one sample that the queues need, and where it belongs."""

from dataclasses import dataclass

from annotation.core.sample_states import SampleState
from annotation.models import QueueEntry, Sample

from . import ranking

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
    """The evidence about one sample, and its state."""

    evidence: ranking.SampleEvidence
    state: str
    stage: int
    priority: int

    @property
    def sample(self) -> int:
        """The sample's primary key."""
        return self.evidence.sample

    @property
    def spread(self) -> float:
        """The widest range of values on one dimension."""
        return max((ranking.observed_range(dimension.values) for dimension in self.evidence.dimensions), default=0.0)

    @property
    def scores(self) -> int:
        """The number of people who gave values."""
        return max((len(dimension.values) for dimension in self.evidence.dimensions), default=0)

    @property
    def open_ended(self) -> bool:
        """Whether it is still open if annotators will differ by a dispute."""
        return self.state in OPEN_ENDED and self.spread < ranking.DISPUTE

    def belongs_in(self, kind: str) -> bool:
        """Return whether the sample belongs in a queue now."""
        if kind == Kind.DISPUTED:
            return self.state in UNDECIDED
        if kind == Kind.LABEL_NEXT:
            return self.wants_scores
        dimensions = self.evidence.dimensions
        return self.state == SampleState.AGREED and any(
            dimension.final is not None and dimension.expected is not None for dimension in dimensions
        )

    @property
    def wants_scores(self) -> bool:
        """Whether it has a free slot."""
        return self.stage in FREE and self.state in UNDECIDED
