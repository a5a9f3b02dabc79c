"""Quantiles of Student's t, against a printed table."""

import pytest

from annotation.statistics.student_t import t_quantile

# Two-sided 95 % and 99.9 %.
TABLE = {
    1: (12.7062, 636.6192),
    2: (4.3027, 31.5991),
    3: (3.1824, 12.9240),
    4: (2.7764, 8.6103),
    5: (2.5706, 6.8688),
    10: (2.2281, 4.5869),
    19: (2.0930, 3.8834),
    30: (2.0423, 3.6460),
    100: (1.9840, 3.3905),
    100_000: (1.9600, 3.2906),
}


@pytest.mark.parametrize("degrees", TABLE)
def test_the_table_comes_out(degrees):
    usual, strict = TABLE[degrees]
    assert t_quantile(0.975, degrees) == pytest.approx(usual, abs=1e-4)
    assert t_quantile(0.9995, degrees) == pytest.approx(strict, rel=1e-4)
