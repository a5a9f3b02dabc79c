"""What discussions moved, by hand-made cases of Ann, Ben and Cho."""

import pytest

from annotation.statistics.stance_changes import StanceChange, measure_movements, total_movement


def case(topic, dimension="ITS", excused=(), **moves):
    """One discussed dimension: everybody's first and last value."""
    return [
        StanceChange(topic, dimension, person, first, last, counts=person not in excused)
        for person, (first, last) in moves.items()
    ]


def moved(*cases):
    return {
        key: found.as_data() for key, found in measure_movements([stance for one in cases for stance in one]).items()
    }


def test_one_goes_up_to_where_the_majority_stood():
    found = moved(case(1, ann=(2, 4), ben=(4, 4), cho=(4, 4)))["ITS"]
    assert (found["cases"], found["stances"], found["moved"], found["up"], found["down"]) == (1, 3, 1, 1, 0)
    assert found["share"] == pytest.approx(1 / 3)
    assert found["mean_change"] == pytest.approx(2 / 3)
    assert found["mean_step"] == 2
    assert found["towards"] == {"majority": 1, "highest": 0, "lowest": 0, "other": 0}
    assert found["whom"] == [
        {"from": "ann", "to": "ben", "n": 1, "of": 1},
        {"from": "ann", "to": "cho", "n": 1, "of": 1},
    ]


def test_the_majority_may_be_the_one_that_gives_way():
    found = moved(case(1, ann=(2, 2), ben=(4, 2), cho=(4, 2)))["ITS"]
    assert found["towards"] == {"majority": 0, "highest": 0, "lowest": 2, "other": 0}
    assert found["whom"] == [
        {"from": "ben", "to": "ann", "n": 1, "of": 1},
        {"from": "cho", "to": "ann", "n": 1, "of": 1},
    ]
    assert (found["up"], found["down"], found["mean_change"]) == (0, 2, pytest.approx(-4 / 3))


def test_two_meet_in_the_middle_where_nobody_stood():
    found = moved(case(1, ann=(2, 3), ben=(4, 3)))["ITS"]
    assert found["towards"] == {"majority": 0, "highest": 0, "lowest": 0, "other": 2}
    assert found["whom"] == []
    assert (found["up"], found["down"], found["mean_change"], found["mean_step"]) == (1, 1, 0, 1)


def test_with_three_values_the_middle_one_is_neither_end():
    found = moved(case(1, ann=(1, 3), ben=(3, 3), cho=(5, 3)))["ITS"]
    assert found["towards"] == {"majority": 0, "highest": 0, "lowest": 0, "other": 2}
    assert found["whom"] == [
        {"from": "ann", "to": "ben", "n": 1, "of": 1},
        {"from": "cho", "to": "ben", "n": 1, "of": 1},
    ]


def test_two_against_two_is_no_majority():
    found = moved(case(1, ann=(1, 2), ben=(1, 2), cho=(2, 2), dan=(2, 2)))["ITS"]
    assert found["towards"] == {"majority": 0, "highest": 2, "lowest": 0, "other": 0}


def test_what_somebody_excused_began_with_counts_and_where_they_ended_does_not():
    found = moved(case(1, ann=(2, 5), ben=(4, 5), cho=(5, 3), excused={"cho"}))["ITS"]
    assert (found["stances"], found["moved"], found["up"], found["down"]) == (2, 2, 2, 0)
    assert found["towards"]["highest"] == 2
    assert found["whom"] == [
        {"from": "ann", "to": "cho", "n": 1, "of": 1},
        {"from": "ben", "to": "cho", "n": 1, "of": 1},
    ]


def test_nobody_moved():
    found = moved(case(1, ann=(3, 3), ben=(3, 3)))["ITS"]
    assert (found["share"], found["mean_change"], found["mean_step"], found["whom"]) == (0, 0, None, [])


def test_dimensions_are_told_apart_and_summed_up():
    parts = measure_movements(
        [
            *case(1, "ITS", ann=(2, 4), ben=(4, 4)),
            *case(2, "ITS", ann=(1, 1), ben=(5, 5)),
            *case(3, "TCC", ann=(2, 0), ben=(0, 0)),
        ]
    )
    assert {key: (one.cases, one.moved) for key, one in parts.items()} == {"ITS": (2, 1), "TCC": (1, 1)}
    whole = total_movement(parts.values()).as_data()
    assert (whole["cases"], whole["stances"], whole["moved"], whole["up"], whole["down"]) == (3, 6, 2, 1, 1)
    assert whole["whom"] == [{"from": "ann", "to": "ben", "n": 2, "of": 3}]
    assert whole["towards"] == {"majority": 0, "highest": 1, "lowest": 1, "other": 0}


def test_no_discussions_moved_nothing():
    assert measure_movements([]) == {}
    assert total_movement([]).as_data()["share"] is None
