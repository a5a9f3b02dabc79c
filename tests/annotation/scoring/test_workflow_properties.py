"""Whoever does whatever in whichever order, the rules of the protocol hold after every single step."""

import random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotation.core.rubric_cache import forget_definitions
from annotation.models import Member
from annotation.scoring import deciding
from tests.annotation.invariants import Memory, broken
from tests.annotation.workflow_actions import WEIGHTED, Acts
from tests.factories import make_member, make_rubric, make_sample, make_study
from tests.profiles import DEEP
from tests.suggestion_studies import judge_saying

DIMENSIONS = (("TCC", "Text", ["text"]), ("IQ", "Picture", ["image"]))
ANNOTATORS = ("ann", "ben", "cho", "dan", "eve")
# With their pictures; of their names follows in which arms they are.
NAMES = {"bbbb": ["red"], "bbbc": [], "cccc": ["red"], "mnpq": ["red"], "qrst": ["red"], "vwxz": ["red"]}


class Story(RuleBasedStateMachine):
    """A study of six samples, one without a picture, and what its people do."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.started = False

    @initialize(
        k=st.sampled_from([2, 1, 3]),
        tolerance=st.sampled_from([0, 1]),
        tie_rule=st.sampled_from(["discuss", "lower", "third"]),
        decide=st.sampled_from(["discuss", "discuss", "discuss", "aggregate"]),
        cross_review=st.sampled_from(["none", "all", "high"]),
        reason_first=st.booleans(),
        suggestions=st.sampled_from(["none", "delayed", "prefilled", "both"]),
    )
    def begin(self, k: int, **protocol: Any) -> None:
        rubric = make_rubric("small", dimensions=DIMENSIONS, levels=(0, 1, 2))
        self.study = make_study("story", k=k, rubric=rubric, review_threshold=1, **protocol)
        make_member(self.study, "ada", "admin")
        make_member(self.study, "abe", "admin")
        for name in ANNOTATORS:
            make_member(self.study, name)
        # Chance that the database keeps would make a story another one each time it is told.
        Member.objects.update(shuffle_start=0)
        judge_saying(
            self.study,
            {
                make_sample(self.study, pictures=pictures, shuffle=place, public_id=f"{name}22222222"): {
                    "TCC": 1,
                    "IQ": 2,
                }
                for place, (name, pictures) in enumerate(NAMES.items())
            },
        )
        deciding._chance.seed(7)
        self.acts = Acts(self.study, random.Random(0).choice)
        self.memory = Memory(self.study)
        self.started = True

    @precondition(lambda self: self.started)
    @rule(name=st.sampled_from(WEIGHTED), seed=st.integers(0, 2**16))
    def somebody_does_something(self, name: str, seed: int) -> None:
        # One number, so that what is drawn does not depend on what the database answers.
        self.acts.pick = random.Random(seed).choice
        self.acts.do(name)

    @precondition(lambda self: self.started)
    @invariant()
    def the_rules_hold(self) -> None:
        faults = [*broken(self.study), *self.memory.changes()]
        assert not faults, "\n".join(faults)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
        forget_definitions()


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.deep
def test_whatever_people_do_the_rules_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_chance", random.Random(7))
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=300 if DEEP else 12,
            stateful_step_count=60,
            deadline=None,
            # A failing story is told as it was: to shorten it takes minutes, and Phase.shrink.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
