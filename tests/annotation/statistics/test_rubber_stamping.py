"""Who only hands in what the judge has filled in is told from who agrees with it, and from who is quick."""

from math import comb

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from annotation.statistics.rubber_stamping import BY_CHANCE, NEARLY_ALL, annotator_rows, is_rubber_stamp

from .synthetic_suggestions import annotators, columns, met

SUSPECT = {"values": 100, "changed": 1, "acceptance": 0.99, "coincidence": 0.5, "seconds": 10.0, "blind_seconds": 40.0}


def test_somebody_who_hands_in_what_stands_there_is_found_among_others():
    crowd = [*annotators(5, pull=0.3), SyntheticAnnotator("Hal the hasty", haste=1.0)]
    found = annotator_rows(met(crowd, samples=120))
    assert [row["annotator"] for row in found if row["rubber_stamp"]] == [5]
    hal = found[-1]
    assert (hal["acceptance"], hal["changed"]) == (1, 0)
    assert hal["coincidence"] < 0.6
    assert hal["seconds"] < 0.5 * hal["blind_seconds"]


@pytest.mark.parametrize(
    "but",
    [
        {"values": 19, "changed": 0, "acceptance": 1.0},
        {"acceptance": 0.94, "changed": 6},
        {"coincidence": 0.97},
        {"seconds": 20.0},
        {"seconds": None},
        {"blind_seconds": None},
        {"coincidence": None},
    ],
    ids=["few values", "corrects some", "agrees anyway", "takes time", "no time", "no blind time", "nothing known"],
)
def test_each_of_the_signs_is_needed(but):
    assert is_rubber_stamp(SUSPECT)
    assert not is_rubber_stamp(SUSPECT | but)


def test_of_somebody_who_never_scored_blind_everybody_is_the_measure():
    suggested = [(n, 0, n % 2, 1, 4, 4, 4, 4) for n in range(40)]
    blind = [(n, 1, 0, 4 if n % 4 else 3, 4, 4, 0) for n in range(20)] + [
        (n, 1, 1, 4 * (n % 2), 4, 4, 0) for n in range(20)
    ]
    times = [(0, 1, 5)] * 40 + [(1, -1, 30)] * 20
    (row,) = annotator_rows(columns(suggested, blind, times, question_of=range(40)))
    assert (row["coincidence"], row["coincidence_of_all"]) == ((0.75 + 0.5) / 2, True)
    assert (row["blind_seconds"], row["blind_seconds_of_all"]) == (30, True)
    assert row["rubber_stamp"]


def test_own_blind_work_is_the_measure_where_there_is_enough_of_it():
    suggested = [(n, 0, 0, 1, 4, 4, 4, 4) for n in range(40)]
    own = [(50 + n, 0, 0, 4, 4, 4, 0) for n in range(20)]
    others = [(50 + n, 1, 0, 1, 4, 4, 0) for n in range(20)]
    times = [(0, 1, 5)] * 40 + [(0, -1, 8)] * 20 + [(1, -1, 30)] * 20
    (row,) = annotator_rows(columns(suggested, own + others, times, question_of=range(80)))
    assert (row["coincidence"], row["coincidence_of_all"]) == (1, False)
    assert (row["blind_seconds"], row["blind_seconds_of_all"]) == (8, False)
    assert not row["rubber_stamp"], "agrees with the judge blind as well, and is always that quick"


def test_in_the_delayed_arm_nobody_is_called_a_rubber_stamp():
    suggested = [(n, 0, 0, 0, 4, 4, 4, 4) for n in range(40)]
    blind = [(n, 1, 0, 1, 4, 4, 0) for n in range(40)]
    times = [(0, 0, 5)] * 40 + [(1, -1, 30)] * 40
    (row,) = annotator_rows(columns(suggested, blind, times, question_of=range(40)))
    assert not row["rubber_stamp"]


@given(st.integers(20, 60), st.integers(0, 3), st.floats(0, 1))
def test_only_more_kept_values_than_coincidence_explains_are_a_rubber_stamp(values, changed, coincidence):
    kept = values - changed
    row = SUSPECT | {"values": values, "changed": changed, "acceptance": kept / values, "coincidence": coincidence}
    by_coincidence = sum(
        comb(values, k) * coincidence**k * (1 - coincidence) ** (values - k) for k in range(kept, values + 1)
    )
    assume(abs(by_coincidence - BY_CHANCE) > 1e-9)
    assert is_rubber_stamp(row) == (by_coincidence < BY_CHANCE and kept / values >= NEARLY_ALL)
