"""Tests the size of the test part and random shares of questions."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.releases.splitting import CannotSplit, compute_test_size, is_drawn


@pytest.mark.parametrize(
    ("total", "share", "count"),
    [(48_000, 0.2, 9_600), (10, 0.15, 2), (10, 0.25, 3), (10, 0.24, 2), (3, 0.5, 2), (7, 0.1, 1), (10**6, 1e-05, 10)],
)
def test_a_share_is_rounded_half_up_as_it_is_written(total, share, count):
    assert compute_test_size(total, share=share) == count
    assert compute_test_size(total, count=count) == count


@pytest.mark.parametrize(
    ("total", "asked", "message"),
    [
        (10, {"share": 0.0}, "above 0 and below 1, not 0.0"),
        (10, {"share": 1.0}, "above 0 and below 1"),
        (10, {"share": float("nan")}, "above 0 and below 1"),
        (10, {"share": float("inf")}, "above 0 and below 1"),
        (2, {"share": 0.2}, "A test share of 0.2 leaves no test sample among 2: choose another share, or give a count"),
        (3, {"share": 0.9}, "leaves no train sample among 3"),
        (10, {"count": 0}, "1 to 9 can be test"),
        (10, {"count": 10}, "1 to 9 can be test"),
        (1, {"count": 1}, "at least two samples, and there is one"),
        (0, {"share": 0.2}, "at least two samples, and there is none"),
    ],
)
def test_a_number_that_would_leave_a_part_empty_is_refused(total, asked, message):
    with pytest.raises(CannotSplit, match=message):
        compute_test_size(total, **asked)


def test_a_share_and_a_count_exclude_each_other():
    with pytest.raises(TypeError):
        compute_test_size(10)
    with pytest.raises(TypeError):
        compute_test_size(10, share=0.5, count=5)


@given(st.integers(), st.text(), st.floats(0, 1), st.floats(0, 1))
def test_who_is_in_a_share_is_in_every_larger_one(seed, key, one, other):
    small, large = sorted((one, other))
    assert is_drawn(seed, key, small) <= is_drawn(seed, key, large)
    assert not is_drawn(seed, key, 0)
    assert is_drawn(seed, key, 1)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_a_share_is_drawn_as_often_as_it_says_and_purposes_are_independent(share):
    number = 20_000
    pool = [is_drawn(42, f"q{n}", share) for n in range(number)]
    other = [is_drawn(42, f"q{n}", share, purpose="calibration") for n in range(number)]
    both = sum(a and b for a, b in zip(pool, other, strict=True))
    for found, chance in ((sum(pool), share), (sum(other), share), (both, share**2)):
        assert abs(found - number * chance) < 5 * math.sqrt(number * chance * (1 - chance))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_an_error(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        is_drawn(1, "q", share)


# Pools that are reserved must stay reserved: these are never to be changed to fit the code.
def test_who_is_drawn_is_so_for_ever():
    assert [n for n in range(40) if is_drawn(42, f"q{n}", 0.2)] == [2, 13, 14, 31, 34, 35, 37, 38]
    assert [n for n in range(40) if is_drawn(42, f"q{n}", 0.2, purpose="calibration")] == [
        2,
        8,
        13,
        17,
        19,
        23,
        26,
        37,
        38,
        39,
    ]


def test_drawing_a_pool_loads_no_numpy():
    program = (
        "import sys; from annotation.releases.splitting import is_drawn, compute_test_size; is_drawn(1, 'q', 0.5);"
        "compute_test_size(10, share=0.2); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
