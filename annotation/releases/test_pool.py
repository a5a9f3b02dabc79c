"""Reserves the test pool: the questions that may become test.

It is fixed before the first suggestion is shown in a study. Until then nobody has seen a suggestion, and every question
without a part may become test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import record_step
from annotation.core.transactions import write_transaction
from annotation.models import Question, ReservedPool, Study, User

from .request import CALIBRATION, DEFAULT_CALIBRATION_SHARE, DEFAULT_SEED, LARGEST_SEED
from .splitting import is_drawn

DEFAULT_SHARE = 0.25
BATCH_SIZE = 5_000


class DrawnQuestion(NamedTuple):
    """What a question is drawn for."""

    reserved: bool
    calibration: bool


def reserve_pool(
    *,
    by: User | None,
    study: Study,
    share: float = DEFAULT_SHARE,
    calibration_share: float = DEFAULT_CALIBRATION_SHARE,
    seed: int = DEFAULT_SEED,
) -> ReservedPool:
    """Draw the questions that test parts may come from.

    Questions that are not scored or imported yet are included.

    What is test already belongs to the pool, what is train already does not. The same again is the same pool; it is
    never drawn again. A share somewhat above that of the test part lets the split meet its aims.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        BadInput: a share is none.
        WrongState: the study has a pool with other shares or another seed.
    """
    if by is not None:
        permissions.require_lead(by, study)
    _check_arguments(share, calibration_share, seed)
    with write_transaction():
        # An import draws for its new questions; it waits here, or is waited for.
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        existing = ReservedPool.objects.filter(study=study).first()
        if existing is not None:
            if (existing.share, existing.calibration_share, existing.seed) != (share, calibration_share, seed):
                raise WrongState(
                    f"The test pool of this study was reserved on {existing.at:%Y-%m-%d} and cannot be drawn anew: its "
                    "questions were kept from suggestions, the others were not.",
                    code="pool_reserved",
                )
            return existing
        pool = ReservedPool.objects.create(
            study=study, share=share, calibration_share=calibration_share, seed=seed, by=by, at=timezone.now()
        )
        reserved = _draw_existing_questions(study, question_draw_of_pool(pool))
        record_step(
            "pool_reserved", study=study, by=by, share=share, calibration_share=calibration_share, questions=reserved
        )
    return pool


@dataclass(frozen=True, slots=True)
class PoolState:
    """The numbers of questions in the pool and in each part, and the pool's settings."""

    reserved: bool
    share: float | None
    calibration_share: float | None
    seed: int | None
    at: datetime | None
    questions: int
    in_pool: int
    train: int
    test: int


def read_pool_state(study: Study) -> PoolState:
    """Return the state of the test pool; the caller checks who may know."""
    pool = ReservedPool.objects.filter(study=study).first()
    counts = Question.objects.filter(study=study).aggregate(
        questions=Count("pk"),
        in_pool=Count("pk", filter=Q(reserved=True)),
        train=Count("pk", filter=Q(part=Question.Part.TRAIN)),
        test=Count("pk", filter=Q(part=Question.Part.TEST)),
    )
    return PoolState(
        reserved=pool is not None,
        share=pool.share if pool else None,
        calibration_share=pool.calibration_share if pool else None,
        seed=pool.seed if pool else None,
        at=pool.at if pool else None,
        **counts,
    )


def question_draw_of_study(study: Study) -> Callable[[str], DrawnQuestion]:
    """Return a function that draws a new question by its key.

    It draws nothing where no pool is reserved.
    """
    pool = ReservedPool.objects.filter(study=study).first()
    return (lambda key: DrawnQuestion(False, False)) if pool is None else question_draw_of_pool(pool)


def question_draw_of_pool(pool: ReservedPool) -> Callable[[str], DrawnQuestion]:
    """Return a function that draws a question of a pool by its key."""

    def draw(key: str) -> DrawnQuestion:
        reserved = is_drawn(pool.seed, key, pool.share)
        calibration = not reserved and is_drawn(pool.seed, key, pool.calibration_share, purpose=CALIBRATION)
        return DrawnQuestion(reserved, calibration)

    return draw


def _draw_existing_questions(study: Study, draw: Callable[[str], DrawnQuestion]) -> int:
    """Draw the questions without a part, and return how many are reserved."""
    undecided = Question.objects.filter(study=study, part="")
    drawn_questions = [(pk, draw(key)) for pk, key in undecided.values_list("pk", "key").iterator()]
    reserved = [pk for pk, drawn in drawn_questions if drawn.reserved]
    calibration = [pk for pk, drawn in drawn_questions if drawn.calibration]
    for start in range(0, len(reserved), BATCH_SIZE):
        Question.objects.filter(pk__in=reserved[start : start + BATCH_SIZE]).update(reserved=True)
    for start in range(0, len(calibration), BATCH_SIZE):
        Question.objects.filter(pk__in=calibration[start : start + BATCH_SIZE]).update(calibration=True)
    return len(reserved)


def _check_arguments(share: float, calibration_share: float, seed: int) -> None:
    errors = {}
    if not 0 < share < 1:
        errors["share"] = "A number between 0 and 1, as 0.25."
    if not 0 <= calibration_share < 1:
        errors["calibration_share"] = "A number from 0 to below 1, as 0.05."
    if not 0 <= seed <= LARGEST_SEED:
        errors["seed"] = "A whole number from 0 on."
    if errors:
        raise BadInput("The pool cannot be reserved as asked.", fields=errors)
