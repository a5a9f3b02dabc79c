"""Which rules can work, and what a new version of them does."""

from typing import Any

import pytest

from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import HistoryEntry, Member, Protocol, Study, User
from annotation.models.studies import MAX_SLOTS
from annotation.studies import protocols, studies
from annotation.studies.protocol_rules import (
    DEFAULTS,
    MOST_SLOTS,
    PRESETS,
    RULES,
    UNSPECIFIED_RULES,
    complete_rules,
    find_preset_of_rules,
    people_needed,
    rule_problems,
)
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

LEVELS = [[0, 1, 2, 3, 4, 5]] * 4


def find_problems(people: int | None = None, levels: list[list[float]] = LEVELS, **rules: Any) -> dict[str, str]:
    return rule_problems(complete_rules(rules), levels=levels, people=people)


@pytest.mark.parametrize("name", RULES)
def test_the_table_of_rules_is_that_of_the_database(name: str) -> None:
    rule, column = RULES[name], Protocol._meta.get_field(name)
    assert column.get_default() == rule.default
    assert column.null == rule.optional
    assert tuple(value for value, _ in column.choices or ()) == rule.choices
    assert rule.accepts(rule.default)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("annotators_per_sample", [0, 15, True, 2.0, "3", None]),
        ("tolerance", [-0.5, True, "0", None, float("nan"), float("inf")]),
        ("tie_rule", ["", "upper", None, 1]),
        ("review_share", [-0.1, 1.1, None]),
        ("review_threshold", ["4", True, float("nan")]),
        ("reason_first", [1, 0, "yes", None]),
        ("discussion_days", [0, 366, 1.5]),
        ("blind_share", [0.29, 1.01, None]),
        ("pull_limit", [0, 1.01, None]),
        ("lease_minutes", [0, 1441]),
        ("undo_minutes", [-1, 11]),
    ],
)
def test_a_value_that_a_rule_does_not_take_is_refused_by_its_name(name: str, values: list[Any]) -> None:
    for value in values:
        rules = {**DEFAULTS, name: value}
        assert set(rule_problems(rules, levels=LEVELS)) == {name}, value


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_work_with_as_many_people_as_it_says(name: str) -> None:
    rules = complete_rules(PRESETS[name])
    assert rule_problems(rules, levels=LEVELS, people=people_needed(rules)) == {}
    assert rule_problems(rules, levels=LEVELS, people=people_needed(rules) - 1)
    assert find_preset_of_rules(rules) == name


def test_what_the_paper_leaves_open_is_listed_with_what_was_taken_for_it() -> None:
    chosen = {point.field: point.value for point in UNSPECIFIED_RULES["paper"]}
    assert chosen == {"annotators_per_sample": 3, "review_threshold": 4}
    assert all(point.sentence.endswith(".") for point in UNSPECIFIED_RULES["paper"])


def test_how_long_a_sample_is_reserved_makes_no_other_preset() -> None:
    assert find_preset_of_rules({**PRESETS["pair"], "lease_minutes": 5, "discussion_days": None}) == "pair"
    assert find_preset_of_rules({**PRESETS["pair"], "tolerance": 1, "tie_rule": "lower"}) == ""


def test_whether_people_meet_a_judge_and_in_which_order_makes_no_other_preset() -> None:
    rules = {"suggestions": "both", "blind_share": 0.5, "pull_limit": 0.1, "work_order": "disputed"}
    assert find_preset_of_rules({**PRESETS["pair"], **rules}) == "pair"


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
    assert people_needed(complete_rules(rules)) == needed
    assert find_problems(people=needed, **{"review_share": 0.1, **rules}) == {}
    assert "annotators_per_sample" in find_problems(people=needed - 1, **{"review_share": 0.1, **rules})


def test_the_rule_that_asks_for_one_person_too_many_is_named_too() -> None:
    assert set(find_problems(people=3, cross_review="all")) == {"annotators_per_sample", "cross_review"}
    assert set(find_problems(people=2, annotators_per_sample=2, tolerance=1, tie_rule="third")) == {
        "annotators_per_sample",
        "tie_rule",
    }
    assert set(find_problems(people=2, cross_review="all")) == {"annotators_per_sample"}


def test_an_even_k_with_a_tolerance_needs_a_rule_for_the_middle() -> None:
    assert set(find_problems(annotators_per_sample=2, tolerance=1)) == {"tie_rule"}
    assert set(find_problems(annotators_per_sample=4, tolerance=0.5)) == {"tie_rule"}
    assert find_problems(annotators_per_sample=2, tolerance=1, tie_rule="lower") == {}
    assert find_problems(annotators_per_sample=2, tolerance=1, decide="aggregate") == {}
    assert find_problems(annotators_per_sample=3, tolerance=1) == {}
    assert find_problems(annotators_per_sample=2, tolerance=0) == {}


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
        ("suggestions", {"suggestions": "often"}),
        ("suggestions", {"suggestions": "delayed", "annotators_per_sample": 1}),
        ("blind_share", {"suggestions": "delayed", "blind_share": 0.29}),
        ("blind_share", {"suggestions": "delayed", "blind_share": 1.01}),
        ("blind_share", {"suggestions": "delayed", "blind_share": None}),
        ("pull_limit", {"suggestions": "prefilled", "pull_limit": 0}),
        ("pull_limit", {"suggestions": "prefilled", "pull_limit": 1.5}),
        ("work_order", {"work_order": "hardest"}),
        ("discussion_days", {"discussion_days": 0}),
        ("discussion_days", {"discussion_days": 366}),
        ("lease_minutes", {"lease_minutes": 0}),
        ("undo_minutes", {"undo_minutes": 11}),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(field: str, rules: dict[str, Any]) -> None:
    assert set(find_problems(**rules)) == {field}


def test_a_sample_is_high_rated_only_where_every_dimension_can_reach_the_threshold() -> None:
    short = [[0, 1, 2, 3, 4, 5], [1, 2, 3]]
    assert "review_threshold" in find_problems(levels=short, cross_review="high", review_threshold=4)
    assert find_problems(levels=short, cross_review="high", review_threshold=3) == {}


def test_a_rule_without_effect_is_as_by_default() -> None:
    rules = complete_rules({"cross_review": "none", "review_share": 0.5, "review_threshold": 3})
    assert (rules["review_share"], rules["review_threshold"]) == (0, None)
    rules = complete_rules({"suggestions": "none", "blind_share": 0.6, "pull_limit": 0.5})
    assert (rules["blind_share"], rules["pull_limit"]) == (0.3, 0.2)
    rules = complete_rules({"suggestions": "both", "blind_share": 0.6, "pull_limit": 0.5})
    assert (rules["blind_share"], rules["pull_limit"]) == (0.6, 0.5)


@pytest.mark.parametrize("suggestions", ["delayed", "prefilled", "both"])
def test_people_can_meet_a_judge_where_one_of_two_does_not(suggestions: str) -> None:
    assert find_problems(suggestions=suggestions, annotators_per_sample=2, people=2) == {}
    problems = find_problems(suggestions=suggestions, annotators_per_sample=1)
    assert "at least 2" in problems["suggestions"]
    assert find_problems(suggestions="none", annotators_per_sample=1) == {}


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


def test_a_change_makes_a_version_and_tells_who_changed_what(study: Study, ada: User) -> None:
    protocol = protocols.change_protocol(by=ada, study=study, annotators_per_sample=3, discussion_days=None)
    assert (protocol.version, protocol.annotators_per_sample, protocol.discussion_days, protocol.current) == (
        2,
        3,
        None,
        True,
    )
    assert Protocol.objects.get(study=study, current=True) == protocol
    newest, first = protocols.list_versions(study=study)
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
    protocol = protocols.change_protocol(by=ada, study=study, preset="paper")
    assert (protocol.preset, protocol.cross_review, protocol.review_threshold, protocol.tolerance) == (
        "paper",
        "high",
        4,
        0,
    )
    assert protocol.lease_minutes == 5


def test_another_preset_leaves_what_people_meet_of_a_judge(study: Study, ada: User) -> None:
    rules = {"suggestions": "delayed", "blind_share": 0.4, "pull_limit": 0.15, "work_order": "label_next"}
    protocols.change_protocol(by=ada, study=study, **rules)
    protocol = protocols.change_protocol(by=ada, study=study, preset="tolerant")
    assert {name: getattr(protocol, name) for name in rules} == rules
    assert (protocol.preset, protocol.tolerance) == ("tolerant", 1)
    with pytest.raises(BadInput) as refused:
        protocols.change_protocol(by=ada, study=study, preset="single")
    assert set(refused.value.fields) == {"suggestions"}
    protocols.change_protocol(by=ada, study=study, suggestions="none")
    newest = protocols.list_versions(study=study)[0]
    assert newest.after == {"suggestions": "none", "blind_share": 0.3, "pull_limit": 0.2}


def test_an_unknown_preset_is_refused_by_name(study: Study, ada: User) -> None:
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
