"""What a long piece of work says to a program can be read by any."""

import io
import json
import math

import pytest

from judge.progress import JsonReporter


def test_a_point_of_a_curve_is_a_line_of_json() -> None:
    output = io.StringIO()
    JsonReporter(output).curve("loss", 3, 0.5)
    assert json.loads(output.getvalue()) == {"curve": "loss", "x": 3, "y": 0.5}


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_what_is_no_json_is_not_said(loss: float) -> None:
    output = io.StringIO()
    with pytest.raises(ValueError, match="not JSON compliant"):
        JsonReporter(output).curve("loss", 3, loss)
    assert output.getvalue() == ""
