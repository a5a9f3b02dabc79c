"""The annotators of the play at work: one sample after the other, until nobody is given any more."""

from collections.abc import Container, Mapping
from dataclasses import replace
from uuid import uuid4

from annotation.core.rubric_cache import load_rubric
from annotation.models import Sample
from annotation.review_queue.incremental_update import catch_up
from annotation.scoring import leasing, revising, submitting
from annotation.simulation.synthetic_annotators import Arm, SyntheticScore, answer_sample

from .annotators import ANNOTATORS
from .context import LoopContext
from .synthetic_samples import TOP, Truth

# How much more people err where an answer is neither good nor bad, and how much less at the ends.
EASIEST, HARDEST = 0.3, 1.25
STEEP = 3
# After so many scores the queue is brought up to date, as a worker does it every few seconds.
SCORES_BETWEEN_LOOKS = 12


def score_everything(play: LoopContext) -> None:
    """Let everybody score in turn what they are given, cross-reviews too, until nobody is given any more."""
    names = dict(Sample.objects.filter(study=play.study).values_list("public_id", "external_id"))
    given = 0
    at_work = list(ANNOTATORS)
    while at_work:
        for login in list(at_work):
            work = leasing.lease_samples(by=play.users[login], slug=play.study.slug).assignments
            if not work:
                at_work.remove(login)
            for one in work:
                _score(play, login, one, names[one.sample.public_id])
                given += 1
                if given % SCORES_BETWEEN_LOOKS == 0:
                    catch_up()
    catch_up()


def synthetic_opinion(
    play: LoopContext,
    login: str,
    name: str,
    *,
    locked: Container[str] = (),
    arm: Arm = "blind",
    shown: Mapping[str, float] | None = None,
) -> SyntheticScore:
    """Return what somebody says of a sample, by its own id, as they meet it; asking again answers the same."""
    truth = play.truths[name]
    levels = {one.key: [level.value for level in one.levels] for one in load_rubric(play.study.rubric_id).dimensions}
    asked = {key: value for key, value in truth.items() if key not in locked}
    annotator = ANNOTATORS[login]
    fitting = replace(annotator, noise=annotator.noise * sample_difficulty(truth))
    return answer_sample(fitting, asked, levels, sample=name, seed=play.seed, arm=arm, shown=shown)


def sample_difficulty(truth: Truth) -> float:
    """Return by how much people err more or less than usual on a sample."""
    middle = sum(truth.values()) / len(truth) / TOP
    return EASIEST + (HARDEST - EASIEST) * (4 * middle * (1 - middle)) ** STEEP


def _score(play: LoopContext, login: str, work: leasing.LeasedWork, name: str) -> None:
    """Submit a score, by hand where the judge has filled it in; what is revealed then is answered at once."""
    by, locked, shown = play.users[login], work.sample.locked, work.suggestion
    if work.state != "revising":
        met = synthetic_opinion(play, login, name, locked=locked)
        if shown is not None:
            met = synthetic_opinion(play, login, name, locked=locked, arm="prefilled", shown=shown.ratings)
        done = submitting.submit_score(
            by=by,
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings=met.values,
            notes={},
            seconds=round(met.seconds, 1),
            touched=list(met.values),
        )
        if done.state != "revising":
            return
        shown = done.suggestion
    assert shown is not None
    said = synthetic_opinion(play, login, name, locked=locked, arm="delayed", shown=shown.ratings)
    revising.submit_revision(
        by=by,
        assignment_id=work.public_id,
        client_key=uuid4(),
        ratings=said.final,
        seconds=round(said.revision_seconds or 0, 1),
    )
