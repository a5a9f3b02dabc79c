"""Scores samples as the synthetic annotators do, until no sample is left."""

from collections.abc import Container, Mapping
from dataclasses import replace
from uuid import uuid4

from annotation.core.rubric_cache import load_rubric
from annotation.models import Sample
from annotation.review_queue.incremental_update import catch_up
from annotation.scoring import leasing, revising, submitting
from annotation.simulation.synthetic_annotators import Arm, SyntheticScore, score_sample

from .annotators import ANNOTATORS
from .context import LoopContext
from .synthetic_samples import TOP, Truth

# How much more people err where an answer is neither good nor bad, and how much less at the ends.
EASIEST, HARDEST = 0.3, 1.25
STEEP = 3
# A worker updates the queue every few seconds; here it is updated after so many scores.
SCORES_PER_QUEUE_UPDATE = 12


def score_all_samples(context: LoopContext) -> None:
    """Let the annotators score in turn, cross-reviews included, until no sample is left."""
    names = dict(Sample.objects.filter(study=context.study).values_list("public_id", "external_id"))
    count = 0
    active_logins = list(ANNOTATORS)
    while active_logins:
        for login in list(active_logins):
            assignments = leasing.lease_samples(by=context.users[login], slug=context.study.slug).assignments
            if not assignments:
                active_logins.remove(login)
            for assignment in assignments:
                _submit_score(context, login, assignment, names[assignment.sample.public_id])
                count += 1
                if count % SCORES_PER_QUEUE_UPDATE == 0:
                    catch_up()
    catch_up()


def synthetic_score(
    context: LoopContext,
    login: str,
    name: str,
    *,
    locked: Container[str] = (),
    arm: Arm = "blind",
    shown: Mapping[str, float] | None = None,
) -> SyntheticScore:
    """Return a synthetic annotator's score of a sample in one arm.

    ``name`` is the sample's external id. The same arguments give the same score.
    """
    truth = context.true_values[name]
    rubric = load_rubric(context.study.rubric_id)
    levels = {dimension.key: [level.value for level in dimension.levels] for dimension in rubric.dimensions}
    scored_values = {key: value for key, value in truth.items() if key not in locked}
    annotator = ANNOTATORS[login]
    habits = replace(annotator, noise=annotator.noise * sample_difficulty(truth))
    return score_sample(habits, scored_values, levels, sample=name, seed=context.seed, arm=arm, shown=shown)


def sample_difficulty(truth: Truth) -> float:
    """Return the factor by which annotators err more or less on a sample."""
    middle = sum(truth.values()) / len(truth) / TOP
    return EASIEST + (HARDEST - EASIEST) * (4 * middle * (1 - middle)) ** STEEP


def _submit_score(context: LoopContext, login: str, assignment: leasing.LeasedWork, name: str) -> None:
    """Submit a score, and the revision where the judge's values are shown afterwards.

    Values that the judge has filled in are sent as touched, as if they were entered by hand.
    """
    by, locked, shown = context.users[login], assignment.sample.locked, assignment.suggestion
    if assignment.state != "revising":
        score = synthetic_score(context, login, name, locked=locked)
        if shown is not None:
            score = synthetic_score(context, login, name, locked=locked, arm="prefilled", shown=shown.ratings)
        response = submitting.submit_score(
            by=by,
            assignment_id=assignment.public_id,
            client_key=uuid4(),
            ratings=score.values,
            notes={},
            seconds=round(score.seconds, 1),
            touched=list(score.values),
        )
        if response.state != "revising":
            return
        shown = response.suggestion
    assert shown is not None
    revision = synthetic_score(context, login, name, locked=locked, arm="delayed", shown=shown.ratings)
    revising.submit_revision(
        by=by,
        assignment_id=assignment.public_id,
        client_key=uuid4(),
        ratings=revision.final,
        seconds=round(revision.revision_seconds or 0, 1),
    )
