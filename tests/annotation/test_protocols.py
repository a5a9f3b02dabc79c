"""Which rules can work, what a new version of them does, and what moving begun samples to it means."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from annotation.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import Assignment, HistoryEntry, Job, Member, Protocol, Sample, Study, User
from annotation.models.studies import MAX_SLOTS
from annotation.protocols import (
    DEFAULTS,
    LEFT_OPEN,
    MOST_SLOTS,
    PRESETS,
    complete,
    people_needed,
    preset_of,
    problems,
)
from annotation.services import assigning, protocols, scoring, studies
from annotation.services.job_kinds import KINDS
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

LEVELS = [[0, 1, 2, 3, 4, 5]] * 4


def faults(people: int | None = None, levels: list[list[float]] = LEVELS, **rules: Any) -> dict[str, str]:
    return problems(complete(rules), levels=levels, people=people)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_work_with_as_many_people_as_it_says(name: str) -> None:
    rules = complete(PRESETS[name])
    assert problems(rules, levels=LEVELS, people=people_needed(rules)) == {}
    assert problems(rules, levels=LEVELS, people=people_needed(rules) - 1)
    assert preset_of(rules) == name


def test_what_the_paper_leaves_open_is_listed_with_what_was_taken_for_it() -> None:
    taken = {point.field: point.value for point in LEFT_OPEN["paper"]}
    assert taken == {"annotators_per_sample": 3, "review_threshold": 4}
    assert all(point.sentence.endswith(".") for point in LEFT_OPEN["paper"])


def test_how_long_a_sample_is_reserved_makes_no_other_preset() -> None:
    assert preset_of({**PRESETS["pair"], "lease_minutes": 5, "discussion_days": None}) == "pair"
    assert preset_of({**PRESETS["pair"], "tolerance": 1, "tie_rule": "lower"}) == ""


@pytest.mark.parametrize(
    ("rules", "needed"),
    [
        ({"annotators_per_sample": 3}, 3),
        ({"annotators_per_sample": 3, "cross_review": "all"}, 4),
        ({"annotators_per_sample": 2, "tolerance": 1, "tie_rule": "third"}, 3),
        ({"annotators_per_sample": 2, "tolerance": 1, "tie_rule": "third", "cross_review": "share"}, 4),
        # Without a tolerance nothing passes, and three values always have a middle.
        ({"annotators_per_sample": 2, "tolerance": 0, "tie_rule": "third"}, 2),
        ({"annotators_per_sample": 3, "tolerance": 1, "tie_rule": "third"}, 3),
        ({"annotators_per_sample": 4, "tolerance": 1, "tie_rule": "third", "decide": "aggregate"}, 4),
    ],
)
def test_a_sample_takes_k_people_one_for_its_review_and_one_for_a_tie(rules: dict[str, Any], needed: int) -> None:
    assert people_needed(complete(rules)) == needed
    assert faults(people=needed, **{"review_share": 0.1, **rules}) == {}
    assert "annotators_per_sample" in faults(people=needed - 1, **{"review_share": 0.1, **rules})


def test_the_rule_that_asks_for_one_person_too_many_is_named_too() -> None:
    assert set(faults(people=3, cross_review="all")) == {"annotators_per_sample", "cross_review"}
    assert set(faults(people=2, annotators_per_sample=2, tolerance=1, tie_rule="third")) == {
        "annotators_per_sample",
        "tie_rule",
    }
    assert set(faults(people=2, cross_review="all")) == {"annotators_per_sample"}


def test_an_even_k_with_a_tolerance_needs_a_rule_for_the_middle() -> None:
    assert set(faults(annotators_per_sample=2, tolerance=1)) == {"tie_rule"}
    assert set(faults(annotators_per_sample=4, tolerance=0.5)) == {"tie_rule"}
    assert faults(annotators_per_sample=2, tolerance=1, tie_rule="lower") == {}
    assert faults(annotators_per_sample=2, tolerance=1, decide="aggregate") == {}
    assert faults(annotators_per_sample=3, tolerance=1) == {}
    assert faults(annotators_per_sample=2, tolerance=0) == {}


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        ("annotators_per_sample", {"annotators_per_sample": 0}),
        ("annotators_per_sample", {"annotators_per_sample": MAX_SLOTS}),
        ("annotators_per_sample", {"annotators_per_sample": True}),
        ("annotators_per_sample", {"annotators_per_sample": 2.5}),
        (
            "annotators_per_sample",
            {"annotators_per_sample": 14, "tolerance": 1, "tie_rule": "third", "cross_review": "all"},
        ),
        ("tolerance", {"tolerance": -1}),
        ("tolerance", {"tolerance": float("nan")}),
        ("tie_rule", {"tie_rule": "coin"}),
        ("decide", {"decide": "vote"}),
        ("cross_review", {"cross_review": "some"}),
        ("cross_review", {"cross_review": "all", "decide": "aggregate"}),
        ("review_share", {"cross_review": "share"}),
        ("review_share", {"cross_review": "share", "review_share": 1.1}),
        ("review_threshold", {"cross_review": "high"}),
        ("review_threshold", {"cross_review": "high", "review_threshold": 6}),
        ("review_threshold", {"cross_review": "high", "review_threshold": -1}),
        ("reason_first", {"reason_first": "yes"}),
        ("discussion_days", {"discussion_days": 0}),
        ("discussion_days", {"discussion_days": 366}),
        ("lease_minutes", {"lease_minutes": 0}),
        ("undo_minutes", {"undo_minutes": 11}),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(field: str, rules: dict[str, Any]) -> None:
    assert set(faults(**rules)) == {field}


def test_a_sample_is_high_rated_only_where_every_dimension_can_reach_the_threshold() -> None:
    short = [[0, 1, 2, 3, 4, 5], [1, 2, 3]]
    assert "review_threshold" in faults(levels=short, cross_review="high", review_threshold=4)
    assert faults(levels=short, cross_review="high", review_threshold=3) == {}


def test_a_rule_without_effect_is_as_by_default() -> None:
    rules = complete({"cross_review": "none", "review_share": 0.5, "review_threshold": 3})
    assert (rules["review_share"], rules["review_threshold"]) == (0, None)


def test_the_plain_rules_say_what_the_tables_say() -> None:
    """The pure module repeats limits and defaults, as it may not look into the tables."""
    assert MOST_SLOTS == MAX_SLOTS
    assert {name: getattr(Protocol(), name) for name in DEFAULTS} == DEFAULTS


# Versions


@pytest.fixture
def study(db: None) -> Study:
    """Three annotators and an admin; two score each sample."""
    study = make_study(k=2)
    for who in ("ann", "ben", "cho"):
        make_member(study, who)
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


def test_a_change_makes_a_version_and_tells_who_changed_what(study: Study, ada: User) -> None:
    made = protocols.change_protocol(by=ada, study=study, annotators_per_sample=3, discussion_days=None)
    assert (made.version, made.annotators_per_sample, made.discussion_days, made.current) == (2, 3, None, True)
    assert Protocol.objects.get(study=study, current=True) == made
    newest, first = protocols.versions(study=study)
    assert (newest.by, newest.before, newest.after) == (
        "Ada",
        {"annotators_per_sample": 2, "discussion_days": 7},
        {"annotators_per_sample": 3, "discussion_days": None},
    )
    assert (first.protocol.version, first.before) == (1, {})


def test_rules_that_are_as_they_were_make_no_version(study: Study, ada: User) -> None:
    same = protocols.change_protocol(by=ada, study=study, annotators_per_sample=2, review_threshold=4)
    assert same.version == 1
    assert not HistoryEntry.objects.filter(event="protocol_changed").exists()


def test_a_preset_sets_the_rules_of_deciding_and_leaves_the_times(study: Study, ada: User) -> None:
    protocols.change_protocol(by=ada, study=study, lease_minutes=5, tolerance=1, tie_rule="lower")
    made = protocols.change_protocol(by=ada, study=study, preset="paper")
    assert (made.preset, made.cross_review, made.review_threshold, made.tolerance) == ("paper", "high", 4, 0)
    assert made.lease_minutes == 5
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, preset="papre")
    assert "preset" in refused.value.fields


def test_only_those_who_lead_change_the_rules(study: Study) -> None:
    with pytest.raises(NotAllowed):
        protocols.change_protocol(by=make_user("ann"), study=study, tolerance=2)
    with pytest.raises(NotFound):
        protocols.change_protocol(by=make_user("sam"), study=study, tolerance=2)
    assert protocols.change_protocol(by=None, study=study, annotators_per_sample=1).version == 2


def test_an_unknown_rule_is_refused_by_name(study: Study, ada: User) -> None:
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, annotators=3)
    assert set(refused.value.fields) == {"annotators"}


def test_a_study_at_work_does_not_ask_for_more_people_than_it_has(study: Study, ada: User) -> None:
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=5)
    assert "4 could score here" in refused.value.fields["annotators_per_sample"]
    assert Protocol.objects.count() == 1
    with pytest.raises(BadInput):
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=4, cross_review="all")
    assert protocols.change_protocol(by=ada, study=study, annotators_per_sample=4).version == 2


def test_somebody_without_a_login_paused_reading_or_who_has_seen_everything_could_not_score(
    study: Study, ada: User
) -> None:
    make_member(study, None, name="expert1")
    make_member(study, "pia", state="paused")
    make_member(study, "rae", "researcher")
    newest = make_sample(study)
    Member.objects.filter(user=ada).update(exposed_through=newest.pk, has_exposures=True)
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=4)
    assert "3 could score here" in refused.value.fields["annotators_per_sample"]
    make_sample(study)
    assert protocols.change_protocol(by=ada, study=study, annotators_per_sample=4)


def test_a_study_that_has_lost_somebody_can_still_change_its_deadlines(study: Study, ada: User) -> None:
    Member.objects.exclude(user=ada).update(state="paused")
    assert protocols.change_protocol(by=ada, study=study, discussion_days=3).discussion_days == 3


def test_a_draft_may_plan_for_people_who_are_still_to_come(study: Study, ada: User) -> None:
    Study.objects.update(state="draft")
    study.refresh_from_db()
    assert protocols.change_protocol(by=ada, study=study, annotators_per_sample=9).version == 2
    with pytest.raises(WrongState) as refused:
        studies.change_study(by=ada, study=study, state="running")
    assert "9 different people" in refused.value.fields["state"]
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=4)
    assert studies.change_study(by=ada, study=study, state="running").state == "running"


def test_a_draft_does_not_run_by_way_of_a_pause(study: Study, ada: User) -> None:
    Study.objects.update(state="draft")
    Member.objects.filter(role="annotator").update(state="left")
    study.refresh_from_db()
    with pytest.raises(WrongState):
        studies.change_study(by=ada, study=study, state="paused")
    assert studies.change_study(by=ada, study=study, title="Birds", state="closed").state == "closed"


def test_a_closed_study_keeps_its_rules(study: Study, ada: User) -> None:
    Study.objects.update(state="closed")
    study.refresh_from_db()
    with pytest.raises(WrongState) as refused:
        protocols.change_protocol(by=ada, study=study, tolerance=1)
    assert refused.value.code == "study_closed"


def test_the_threshold_is_judged_by_the_levels_of_the_rubric(ada: User) -> None:
    study = make_study("short", rubric=make_rubric("short", levels=(1, 2, 3)), k=1)
    make_member(study, ada, "admin")
    make_member(study, "ann")
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, preset="paper", annotators_per_sample=1)
    assert "from 1 to 3" in refused.value.fields["review_threshold"]


# Moving


def lease(study: Study, who: str) -> str:
    return assigning.lease(by=make_user(who), slug=study.slug).assignments[0].public_id


def score(study: Study, who: str, value: int = 3) -> None:
    submit(lease(study, who), who, value)


def submit(assignment: str, who: str, value: int = 3) -> None:
    scoring.submit(
        by=make_user(who),
        assignment_id=assignment,
        client_key=uuid.uuid4(),
        ratings={"TCC": value, "ICC": value, "IQ": value, "ITS": value},
        notes={},
        seconds=10,
    )


def live(sample: Sample) -> int:
    """Slots that are held, scored or free."""
    sample.refresh_from_db()
    taken = Assignment.objects.filter(sample=sample, state__lte=Assignment.State.SCORED).count()
    return taken + sample.free_slots.bit_count()


@pytest.fixture
def sample(study: Study) -> Sample:
    return make_sample(study, pictures=["red"])


def test_a_begun_sample_keeps_its_rules_until_it_is_moved(study: Study, ada: User, sample: Sample) -> None:
    score(study, "ann")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    sample.refresh_from_db()
    assert sample.protocol is not None
    assert (sample.protocol.version, live(sample)) == (1, 2)
    seen = protocols.preview_move(by=ada, study=study)
    assert (seen.samples, seen.more_slots, seen.decided_now, seen.leases_back) == (1, 1, 0, 0)
    assert protocols.move_samples(by=ada, study=study) == 1
    sample.refresh_from_db()
    assert sample.protocol is not None
    assert (sample.protocol.version, sample.scores_needed, live(sample), sample.stage) == (2, 3, 3, 2)
    entry = HistoryEntry.objects.get(sample=sample, event="protocol_changed")
    assert (entry.user, entry.detail) == (ada, {"to": "scoring", "before": 1, "version": 2})
    assert protocols.move_samples(by=ada, study=study) == 0
    assert protocols.preview_move(by=ada, study=study).samples == 0


def test_where_enough_scores_stand_the_sample_is_decided_at_once(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    differing = make_sample(study, "Another one.", ["red"])
    for who, value in (("ann", 3), ("ben", 4)):
        for _ in range(2):
            held = assigning.lease(by=make_user(who), slug=study.slug).assignments[0]
            submit(held.public_id, who, value if held.sample.public_id == differing.public_id else 3)
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
    seen = protocols.preview_move(by=ada, study=study)
    assert (seen.samples, seen.decided_now, seen.fewer_slots) == (2, 2, 2)
    assert protocols.move_samples(by=ada, study=study) == 2
    sample.refresh_from_db()
    differing.refresh_from_db()
    assert (sample.state, differing.state) == ("agreed", "in_discussion")
    assert (sample.stage, sample.free_slots) == (0, 0)
    assert HistoryEntry.objects.get(sample=sample, event="agreed").user == ada


def test_what_is_held_beyond_the_new_k_is_taken_back_the_newest_first(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    score(study, "ann")
    bens, chos = lease(study, "ben"), lease(study, "cho")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
    seen = protocols.preview_move(by=ada, study=study)
    assert (seen.leases_back, seen.fewer_slots, seen.more_slots) == (1, 1, 0)
    protocols.move_samples(by=ada, study=study)
    assert Assignment.objects.get(public_id=bens).state == Assignment.State.LEASED
    assert Assignment.objects.get(public_id=chos).state == Assignment.State.RELEASED
    assert live(sample) == 2
    assert HistoryEntry.objects.filter(sample=sample, event="released", member__user__username="cho").exists()
    with pytest.raises(WrongState) as refused:
        submit(chos, "cho")
    assert refused.value.code == "lease_lost"
    submit(bens, "ben")
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_a_high_slot_that_is_taken_counts_like_a_low_one(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=4)
    anns, bens = lease(study, "ann"), lease(study, "ben")
    submit(bens, "ben")
    Assignment.objects.filter(public_id=bens).update(slot=4)
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    protocols.move_samples(by=ada, study=study)
    sample.refresh_from_db()
    assert sample.free_slots == 0b10
    assert live(sample) == 3
    submit(anns, "ann")
    score(study, "cho")
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_one_more_score_that_breaks_a_tie_goes_on_being_asked_for(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, tolerance=1, tie_rule="third")
    score(study, "ann", 3)
    score(study, "ben", 4)
    sample.refresh_from_db()
    assert (sample.state, sample.scores_needed) == ("scoring", 3)
    chos = lease(study, "cho")
    protocols.change_protocol(by=ada, study=study, lease_minutes=60)
    assert protocols.preview_move(by=ada, study=study).leases_back == 0
    protocols.move_samples(by=ada, study=study)
    sample.refresh_from_db()
    assert (sample.scores_needed, live(sample)) == (3, 3)
    submit(chos, "cho", 4)
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_what_is_discussed_or_blocked_ends_under_its_old_rules(study: Study, ada: User, sample: Sample) -> None:
    score(study, "ann", 3)
    score(study, "ben", 5)
    blocked = make_sample(study, "Blocked.", ["red"])
    lease(study, "ann")
    Sample.objects.filter(pk=blocked.pk).update(state="blocked", stage=0, free_slots=0)
    protocols.change_protocol(by=ada, study=study, tolerance=5, tie_rule="lower")
    seen = protocols.preview_move(by=ada, study=study)
    assert (seen.samples, seen.staying) == (0, 2)
    assert protocols.move_samples(by=ada, study=study) == 0
    sample.refresh_from_db()
    assert sample.state == "in_discussion"


def test_moved_samples_go_to_the_end_of_the_queue_no_two_at_one_place(study: Study, ada: User) -> None:
    """A place that somebody's cursor has passed would not be looked at again."""
    samples = [make_sample(study, f"Answer {number}.", ["red"]) for number in range(3)]
    for _ in samples:
        score(study, "ann")
    before = max(Sample.objects.values_list("queued_at", flat=True))
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    protocols.move_samples(by=ada, study=study)
    places = set(Sample.objects.values_list("queued_at", flat=True))
    assert len(places) == 3
    assert min(places) > before


def test_many_samples_are_moved_by_a_job(study: Study, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "MOVED_AT_ONCE", 1)
    for number in range(2):
        make_sample(study, f"Answer {number}.", ["red"])
        score(study, "ann")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=1)
    job = protocols.request_move(by=ada, study=study)
    assert isinstance(job, Job)
    assert protocols.request_move(by=ada, study=study) == job, "asked for twice it is done once"
    assert Sample.objects.filter(state="scoring").count() == 2
    told: list[tuple[int, int, str]] = []
    kept: dict[str, object] = {}
    context = SimpleNamespace(
        by=ada, study=study, progress=lambda *step: told.append(step), resumed_from={}, keep=kept.update
    )
    assert KINDS[job.kind].work(context) == {"moved": 2}  # type: ignore[arg-type]
    assert told == [(0, 2, "Moving samples")]
    assert Sample.objects.filter(state="agreed").count() == 2
    assert protocols.request_move(by=ada, study=study) == 0


def test_only_those_who_lead_move_samples(study: Study) -> None:
    for act in (protocols.move_samples, protocols.request_move, protocols.preview_move, protocols.forecast):
        with pytest.raises(NotAllowed):
            act(by=make_user("ann"), study=study)
