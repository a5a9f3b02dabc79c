"""Curves of runs are stored as so many points as a page can draw."""

import math

from annotation.judges.training_curves import POINTS_AT_MOST, thin_curves


def test_points_are_stored_by_series_and_rising_x() -> None:
    thinned = thin_curves({("loss", 2): 0.5, ("RMSE TCC", 10): 1.0, ("loss", 1): 0.7})
    assert [(point["series"], point["x"], point["y"]) for point in thinned] == [
        ("RMSE TCC", 10, 1.0),
        ("loss", 1, 0.7),
        ("loss", 2, 0.5),
    ]


def test_of_very_many_some_are_kept_with_the_last_and_other_series_whole() -> None:
    curve = {("loss", float(step)): 1 / step for step in range(1, 10_008)}
    thinned = thin_curves(curve | {("RMSE TCC", 8.0): 1.0})
    loss = [point["x"] for point in thinned if point["series"] == "loss"]
    assert len(loss) <= POINTS_AT_MOST
    assert len(loss) > POINTS_AT_MOST / 2
    assert loss[-1] == 10_007
    assert loss == sorted(loss)
    assert len(thinned) == len(loss) + 1


def test_points_that_no_database_takes_are_left_out() -> None:
    thinned = thin_curves({("loss", 1.0): 0.7, ("loss", 2.0): math.nan, ("loss", 3.0): math.inf, ("loss", 4.0): 0.5})
    assert [(point["x"], point["y"]) for point in thinned] == [(1.0, 0.7), (4.0, 0.5)]
