"""When a dimension closes and whose answer it waits for, by the pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.discussions.closing_rules import ParticipantStance, TopicPost, awaited_participants, common_level

ANN, BEN, CHO = 1, 2, 3
reasoned = {"reasoned": True}


def test_it_closes_on_the_one_level_on_which_all_stand() -> None:
    assert common_level([ParticipantStance(4), ParticipantStance(4), ParticipantStance(4)], everybody_speaks=False) == 4


def test_no_majority_closes_it() -> None:
    assert common_level([ParticipantStance(4)] * 14 + [ParticipantStance(3)], everybody_speaks=False) is None


def test_somebody_without_a_level_keeps_it_open() -> None:
    assert (
        common_level([ParticipantStance(4), ParticipantStance(4), ParticipantStance(None)], everybody_speaks=False)
        is None
    )
    assert common_level([ParticipantStance(None), ParticipantStance(None)], everybody_speaks=False) is None


def test_a_reopened_one_waits_until_everybody_has_spoken() -> None:
    assert common_level([ParticipantStance(4, reasoned=True), ParticipantStance(4)], everybody_speaks=True) is None
    assert (
        common_level([ParticipantStance(4, reasoned=True), ParticipantStance(4, answered=True)], everybody_speaks=True)
        == 4
    )


def test_who_has_said_nothing_is_awaited() -> None:
    stands = {ANN: ParticipantStance(2, reasoned=True), BEN: ParticipantStance(4)}
    assert awaited_participants(stands, [TopicPost(ANN, "reason", 2)], reason_first=True) == {BEN}


def test_a_comment_is_no_reason() -> None:
    stands = {ANN: ParticipantStance(2), BEN: ParticipantStance(4)}
    said = [TopicPost(BEN, "keep", 4), TopicPost(ANN, "comment", 2)]
    assert awaited_participants(stands, said, reason_first=False) == {ANN, BEN}


def test_another_value_after_ones_last_word_asks_for_an_answer() -> None:
    stands = {ANN: ParticipantStance(2, reasoned=True), BEN: ParticipantStance(4, reasoned=True)}
    said = [TopicPost(ANN, "reason", 2), TopicPost(BEN, "reason", 4)]
    assert awaited_participants(stands, said, reason_first=True) == {ANN}
    assert awaited_participants(stands, [*said, TopicPost(ANN, "keep", 2)], reason_first=True) == {BEN}


def test_agreement_with_oneself_asks_for_nothing_but_a_comment_does() -> None:
    stands = {
        ANN: ParticipantStance(4, reasoned=True),
        BEN: ParticipantStance(4, reasoned=True),
        CHO: ParticipantStance(2, reasoned=True),
    }
    said = [TopicPost(CHO, "reason", 2), TopicPost(ANN, "reason", 4), TopicPost(BEN, "reason", 4)]
    assert awaited_participants(stands, said, reason_first=True) == {CHO}
    assert awaited_participants(stands, [*said, TopicPost(BEN, "comment", 4)], reason_first=True) == {ANN, CHO}


def test_what_an_excused_person_said_asks_for_nothing() -> None:
    stands = {ANN: ParticipantStance(2, reasoned=True), BEN: ParticipantStance(4, reasoned=True)}
    said = [
        TopicPost(ANN, "reason", 2),
        TopicPost(BEN, "reason", 4),
        TopicPost(ANN, "keep", 2),
        TopicPost(BEN, "keep", 4),
    ]
    assert awaited_participants(stands, [*said, TopicPost(CHO, "comment", 5)], reason_first=True) == {ANN}


acts = st.lists(
    st.tuples(st.sampled_from([ANN, BEN, CHO]), st.sampled_from(["comment", "stand"]), st.integers(0, 5)), max_size=25
)


@given(firsts=st.lists(st.integers(0, 5), min_size=3, max_size=3), acts=acts, gone=st.sampled_from([None, ANN, BEN]))
def test_while_levels_differ_somebody_is_awaited(
    firsts: list[int], acts: list[tuple[int, str, int]], gone: int | None
) -> None:
    level = dict(zip((ANN, BEN, CHO), firsts, strict=True))
    spoke: set[int] = set()
    said: list[TopicPost] = []
    for who, kind, value in acts:
        if kind == "comment" and who in spoke:
            said.append(TopicPost(who, "comment", level[who]))
            continue
        kind = "reason" if who not in spoke else "keep" if value == level[who] else "move"
        level[who] = value
        spoke.add(who)
        said.append(TopicPost(who, kind, value))
    stands = {who: ParticipantStance(at, reasoned=who in spoke) for who, at in level.items() if who != gone}
    waiting = awaited_participants(stands, said, reason_first=True)
    assert waiting <= stands.keys()
    if common_level(stands.values(), everybody_speaks=False) is None:
        assert waiting
    assert {who for who in stands if who not in spoke} <= waiting
