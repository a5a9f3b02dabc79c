"""PURE. The quantiles of Student's t distribution, which the standard library lacks."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()


def t_quantile(level: float, degrees: int) -> float:
    """Return the value that a t-distributed figure stays below with probability ``level``, 0.5 < level < 1.

    Exact for one and two degrees of freedom; otherwise by the expansion of Hill (1970, CACM algorithm 396), good to
    six digits from three degrees on.
    """
    tails = 2 * (1 - level)
    if degrees == 1:
        return 1 / math.tan(tails * math.pi / 2)
    if degrees == 2:
        return math.sqrt(2 / (tails * (2 - tails)) - 2)
    n = float(degrees)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * tails) ** (2 / n)
    if y > 0.05 + a:
        x = -_NORMAL.inv_cdf(level)
        y = x**2
        if degrees < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y**2)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return math.sqrt(n * y)
