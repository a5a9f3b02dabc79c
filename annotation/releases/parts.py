"""Decides which questions of a release are test and which are train.

It follows what earlier releases fixed, what the test pool allows, and then the split. Loads numpy, so import it only
where work is done.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from annotation.core.errors import BadInput, WrongState
from annotation.models import Question

from .freezing_sql import AgreedSample
from .request import CALIBRATION, ReleaseRequest
from .splitting import (
    CannotSplit,
    QuestionGroup,
    QuestionSplit,
    SplitBalance,
    compute_test_size,
    is_drawn,
    split_questions,
)

TRAIN, TEST = Question.Part.TRAIN, Question.Part.TEST


@dataclass(frozen=True, slots=True)
class ReleaseParts:
    """The parts of one release."""

    split: QuestionSplit
    questions: Mapping[str, AgreedSample]
    """One sample of each question, by the question's key."""
    sizes: Mapping[str, int]
    calibration: frozenset[str]
    reserved_pool: bool

    def part_of(self, question: str) -> Literal["train", "test"]:
        """Return the part of a question in the release."""
        return "test" if question in self.split.test else "train"

    @property
    def new_parts(self) -> dict[int, tuple[Literal["train", "test"], bool]]:
        """Part and calibration of questions without a part so far, by primary key."""
        return {
            row.question_id: (self.part_of(key), key in self.calibration)
            for key, row in self.questions.items()
            if not row.part
        }

    def count_parts(self) -> dict[str, Any]:
        """Return samples and questions in all, per part and for calibration."""
        test = self.split.test
        train = [key for key in self.questions if key not in test]
        return {
            "samples": sum(self.sizes.values()),
            "questions": len(self.questions),
            "parts": {"train": self._count(train), "test": self._count(test)},
            "calibration": self._count(self.calibration),
        }

    def aims_met(self) -> dict[str, Any]:
        """Return how well each aim of the split was met."""
        test = self.split.test
        before = {key: row.part for key, row in self.questions.items() if row.part}
        outside = sum(1 for key in test if not self.questions[key].reserved) if self.reserved_pool else 0
        return {
            "test_samples": {
                "wanted": self.split.wanted,
                "got": self.split.got,
                "exact": self.split.exact,
                "why": self.split.reason,
            },
            "sticky": {
                "train": sum(1 for part in before.values() if part == TRAIN),
                "test": sum(1 for part in before.values() if part == TEST),
                "moved": sum(1 for key, part in before.items() if self.part_of(key) != part),
            },
            "pool": {
                "reserved": self.reserved_pool,
                "questions": sum(1 for row in self.questions.values() if row.reserved),
                "outside": outside,
            },
            "generator": _balances(self.split.by_generator),
            "domain": _balances(self.split.by_domain),
        }

    def _count(self, keys: Iterable[str]) -> dict[str, int]:
        keys = list(keys)
        return {"samples": sum(self.sizes[key] for key in keys), "questions": len(keys)}


def draw_parts(
    samples: Iterable[AgreedSample],
    request: ReleaseRequest,
    *,
    reserved_pool: bool,
) -> ReleaseParts:
    """Draw the part of every question of the samples.

    With a reserved pool only its questions can become test; without one every question can that has no part yet.
    Which questions calibrate was drawn when the pool was reserved, or is drawn with a question's part.

    Raises:
        BadInput: a part would be empty, or, where exactly that is asked for, the wanted number cannot be reached.
    """
    by_question: dict[str, list[AgreedSample]] = defaultdict(list)
    for sample in samples:
        by_question[sample.question].append(sample)
    if not by_question:
        raise WrongState(
            "No sample of this study is agreed yet, so there is nothing to release. Score and discuss some first.",
            code="nothing_agreed",
        )
    # One shared object per generator and domain saves memory.
    shared_strata: dict[tuple[str, str], tuple[str, str]] = {}
    groups = [
        QuestionGroup(
            key=key,
            samples=[shared_strata.setdefault(stratum := (row.generator, row.domain), stratum) for row in rows],
            part=rows[0].part,
            may_test=rows[0].reserved or not reserved_pool,
        )
        for key, rows in by_question.items()
    ]
    questions = {key: rows[0] for key, rows in by_question.items()}
    sizes = {key: len(rows) for key, rows in by_question.items()}
    total = sum(sizes.values())
    # Frees memory: from here on one sample of each question is enough.
    del by_question
    try:
        split = split_questions(
            groups, wanted=compute_test_size(total, share=request.share, count=request.test_count), seed=request.seed
        )
    except CannotSplit as error:
        raise BadInput(str(error), fields={_size_field(request): str(error)}) from None
    if request.exact and not split.exact:
        message = (
            f"{split.wanted:,} test samples cannot be reached: {split.reason} Leave exactness out to take "
            f"{split.got:,}, or ask for that number."
        )
        raise BadInput(message, code="not_exact", fields={_size_field(request): message})
    return ReleaseParts(
        split=split,
        questions=questions,
        sizes=sizes,
        calibration=frozenset(
            key
            for key, row in questions.items()
            if key not in split.test and _is_calibration(row, request, reserved_pool=reserved_pool)
        ),
        reserved_pool=reserved_pool,
    )


def _is_calibration(row: AgreedSample, request: ReleaseRequest, *, reserved_pool: bool) -> bool:
    """Return whether a question calibrates, drawn now where it was not before."""
    if row.part or reserved_pool:
        return row.calibration
    return is_drawn(request.seed, row.question, request.calibration_share, purpose=CALIBRATION)


def _size_field(request: ReleaseRequest) -> str:
    return "test_count" if request.test_count is not None else "test_share"


def _balances(balances: Iterable[SplitBalance]) -> dict[str, Any]:
    """Return the test share of each generator or domain, and the largest imbalance.

    The imbalance is in samples beyond rounding.
    """
    rows = list(balances)
    return {
        "largest": max((row.beyond for row in rows), default=0),
        "values": [
            {"value": row.value, "train": row.train, "test": row.test, "share": row.share, "beyond": row.beyond}
            for row in rows
        ],
    }
