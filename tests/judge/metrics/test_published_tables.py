"""The metrics give the paper's own figures from the paper's own gaps (Tables 6 and 10 to 15)."""

import csv
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import pytest

from judge.metrics.gaps import agreement_of_shares, rmse_of_shares

DIMENSIONS = ("TCC", "ICC", "IQ", "ITS")
# Table 6, and the last row of Table 15.
RMSE = {
    "GPT-4o": (1.01, 1.02, 0.98, 1.18),
    "QwenVL": (0.81, 1.09, 0.96, 1.20),
    "InternVL": (0.96, 0.90, 1.06, 1.03),
    "QwenVL-trained": (0.54, 0.72, 0.68, 0.67),
    "InternVL-trained": (0.55, 0.70, 0.72, 0.72),
}
AVERAGE = {"GPT-4o": 0.865, "QwenVL": 0.875, "InternVL": 0.866, "QwenVL-trained": 0.954, "InternVL-trained": 0.945}


class Cell(NamedTuple):
    judge: str
    generator: str
    dimension: str
    shares: dict[float, float]
    agreement: float


def cells() -> Iterator[Cell]:
    with (Path(__file__).parent.parent / "published" / "gap_shares.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            shares = {float(gap): float(row[str(gap)]) for gap in range(6)}
            yield Cell(row["judge"], row["generator"], row["dimension"], shares, float(row["a_at_1"]))


CELLS = list(cells())


def of(judge: str, dimension: str | None = None) -> list[Cell]:
    return [cell for cell in CELLS if cell.judge == judge and dimension in (None, cell.dimension)]


def pooled(some: list[Cell]) -> dict[float, float]:
    """The shares over generators of as many samples each."""
    return {gap: fmean(cell.shares[gap] for cell in some) for gap in some[0].shares}


def test_agreement_within_one_is_that_of_table_15_in_all_240_cells() -> None:
    assert len(CELLS) == 240
    assert len({cell[:3] for cell in CELLS}) == 240
    for cell in CELLS:
        found = agreement_of_shares(cell.shares)
        assert found is not None
        assert round(abs(round(found, 3) - cell.agreement), 3) <= 0.002, cell


@pytest.mark.parametrize("judge", RMSE)
def test_rmse_pooled_over_the_generators_is_that_of_table_6(judge: str) -> None:
    for dimension, published in zip(DIMENSIONS, RMSE[judge], strict=True):
        found = rmse_of_shares(pooled(of(judge, dimension)))
        assert found == pytest.approx(published, abs=0.03), dimension


def test_rmse_of_the_judge_that_became_synjudge_is_that_of_table_6_to_two_decimals() -> None:
    found = [rmse_of_shares(pooled(of("QwenVL-trained", one))) for one in DIMENSIONS]
    assert [round(value or 0, 2) for value in found] == [0.54, 0.72, 0.68, 0.67]


def test_the_published_average_differs_from_the_mean_of_its_cells_for_all_judges_but_internvl() -> None:
    means = {judge: round(fmean(cell.agreement for cell in of(judge)), 3) for judge in AVERAGE}
    assert means == {
        "GPT-4o": 0.863,
        "QwenVL": 0.874,
        "InternVL": 0.866,
        "QwenVL-trained": 0.957,
        "InternVL-trained": 0.951,
    }
    assert {judge for judge, mean in means.items() if mean != AVERAGE[judge]} == AVERAGE.keys() - {"InternVL"}
