"""The annotators of the play at work: one sample after the other, until nobody is given any more."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from annotation.models import Sample, Study, User
from annotation.rubrics import definition
from annotation.services import assigning, revising, scoring
from annotation.services.queueing.catching_up import catch_up
from annotation.simulating import Annotator, Answer, Arm, answer

from .cast import ANNOTATORS
from .material import TOP, Truth

# How much more people err where an answer is neither good nor bad, and how much less at the ends.
EASIEST, HARDEST = 0.3, 1.25
STEEP = 3
# After so many scores the queue is brought up to date, as a worker does it every few seconds.
SCORES_BETWEEN_LOOKS = 12


def score_everything(study: Study, users: Mapping[str, User], truths: Mapping[str, Truth], *, seed: int) -> int:
    """Let everybody score in turn what they are given, cross-reviews too; returns how many scores were given."""
    desk = _Desk(study, truths, seed)
    given = 0
    at_work = list(ANNOTATORS)
    while at_work:
        for login in list(at_work):
            work = assigning.lease(by=users[login], slug=study.slug).assignments
            if not work:
                at_work.remove(login)
            for one in work:
                desk.score(users[login], ANNOTATORS[login], one)
                given += 1
                if given % SCORES_BETWEEN_LOOKS == 0:
                    catch_up()
    catch_up()
    return given


def difficulty(truth: Truth) -> float:
    """Return by how much people err more or less than usual on a sample."""
    middle = sum(truth.values()) / len(truth) / TOP
    return EASIEST + (HARDEST - EASIEST) * (4 * middle * (1 - middle)) ** STEEP


class _Desk:
    """Answers for annotators, by what each sample deserves."""

    def __init__(self, study: Study, truths: Mapping[str, Truth], seed: int) -> None:
        self._truths, self._seed = truths, seed
        self._levels = {
            one.key: [level.value for level in one.levels] for one in definition(study.rubric_id).dimensions
        }
        self._names = dict(Sample.objects.filter(study=study).values_list("public_id", "external_id"))

    def score(self, user: User, annotator: Annotator, work: assigning.LeasedWork) -> None:
        """Submit a score, by hand where the judge has filled it in; what is revealed then is answered at once."""
        shown = work.suggestion
        if work.state != "revising":
            said = self._answer(annotator, work, "prefilled" if shown else "blind", shown.ratings if shown else None)
            done = scoring.submit(
                by=user,
                assignment_id=work.public_id,
                client_key=uuid4(),
                ratings=said.values,
                notes={},
                seconds=round(said.seconds, 1),
                touched=list(said.values),
            )
            if done.state != "revising":
                return
            shown = done.suggestion
        assert shown is not None
        said = self._answer(annotator, work, "delayed", shown.ratings)
        revising.revise(
            by=user,
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings=said.final,
            seconds=round(said.revision_seconds or 0, 1),
        )

    def _answer(
        self, annotator: Annotator, work: assigning.LeasedWork, arm: Arm, shown: Mapping[str, float] | None
    ) -> Answer:
        name = self._names[work.sample.public_id]
        truth = self._truths[name]
        asked = {key: value for key, value in truth.items() if key not in work.sample.locked}
        fitting = replace(annotator, noise=annotator.noise * difficulty(truth))
        return answer(fitting, asked, self._levels, sample=name, seed=self._seed, arm=arm, shown=shown)
