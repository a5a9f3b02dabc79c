"""What a missing side makes of each dimension."""

import subprocess
import sys

import pytest

from judge.formats.rubric import rubric_from_data
from judge.missing_sides import LockedDimension, locked_dimensions

DIMENSIONS = rubric_from_data(
    {
        "key": "r",
        "title": "r",
        "dimensions": [
            {"key": "text", "name": "t", "needs": ["text"], "levels": [0, 1], "missing": 0},
            {"key": "image", "name": "i", "needs": ["image"], "levels": [0, 1]},
            {"key": "both", "name": "b", "needs": ["text", "image"], "levels": [0, 1], "missing": 0},
            {"key": "none", "name": "n", "needs": [], "levels": [0, 1]},
        ],
    }
).dimensions


@pytest.mark.parametrize(
    ("has_text", "has_image", "locked"),
    [
        (True, True, {}),
        (False, True, {"text": (0.0, "no_text"), "both": (0.0, "no_text")}),
        (True, False, {"image": (None, "no_image"), "both": (0.0, "no_image")}),
        (
            False,
            False,
            {"text": (0.0, "no_text"), "image": (None, "no_image"), "both": (0.0, "no_text_no_image")},
        ),
    ],
)
def test_a_dimension_is_locked_when_a_side_that_it_needs_is_missing(has_text, has_image, locked):
    found = locked_dimensions(DIMENSIONS, has_text=has_text, has_image=has_image)
    assert found == {key: LockedDimension(*value) for key, value in locked.items()}


def test_the_rule_and_the_formats_need_no_django():
    code = (
        "import judge.missing_sides, judge.formats.sample_line, judge.formats.score_table, judge.formats.rubric, sys;"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
