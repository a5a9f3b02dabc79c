"""The interface of backends: how one learns from labels and predicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    # Who only asks which backends there are does without numpy.
    from judge.context import JudgeContext
    from judge.formats.prediction_line import SamplePrediction
    from judge.formats.release_line import LabelledSample
    from judge.formats.sample_line import SampleRecord
    from judge.runs import Run


class BackendError(RuntimeError):
    """A backend that cannot work here, with the remedy."""


class Judge(Protocol):
    """A trained judge.

    Rules on missing sides and calibration come after it, from outside.
    """

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        """Yield a prediction of each sample in their order.

        A failure is a prediction with its status.
        """
        ...


class Backend(Protocol):
    """A way of training a judge and predicting with it."""

    name: str
    predicts_out_of_fold: bool
    """Whether `read_out_of_fold` has something to say."""
    batch_size: int
    """How many predictions come together; so many may be lost where the work is cut short."""

    path_options: frozenset[str]
    """Options that say where something lies on this machine: who judges elsewhere may set them anew."""

    def options(self, data: dict[str, Any]) -> Any:
        """Return checked options.

        Raises:
            OptionError: naming the one that cannot be.
        """
        ...

    def check(self, options: Any) -> None:
        """Check that everything that a training needs is there.

        Raises:
            BackendError: something is missing; the message says how to get it.
        """
        ...

    def train(self, run: Run, samples: Sequence[LabelledSample], context: JudgeContext) -> None:
        """Train, and leave in the run's folder what predicting needs.

        Called again, it goes on where the last call ended.

        None of the samples is kept for calibration or of the test part.
        """
        ...

    def read_out_of_fold(self, run: Run) -> list[SamplePrediction] | None:
        """Return the out-of-fold predictions of training samples, in any order.

        It takes the place of calibration samples where the release keeps none or too few. None: the backend has no
        such models, and some questions are kept from its training instead (see ``judge.data_parts``).
        """
        ...

    def open_judge(self, run: Run, context: JudgeContext) -> AbstractContextManager[Judge]:
        """Return the judge that a run's folder holds.

        Raises:
            BackendError: something that it needs beside the folder is not here; the message says how to get it.
        """
        ...
