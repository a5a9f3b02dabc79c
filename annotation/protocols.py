"""PURE. Named presets of a study's rules."""

from typing import Any

# What the paper leaves open is decided here: three annotators a sample, and 4 as the threshold of "high-rated".
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "annotators_per_sample": 3,
        "tolerance": 0,
        "tie_rule": "discuss",
        "decide": "discuss",
        "cross_review": "high",
        "review_threshold": 4,
    },
    "single": {"annotators_per_sample": 1, "tolerance": 0, "cross_review": "none"},
    "pair": {"annotators_per_sample": 2, "tolerance": 0, "cross_review": "none"},
    "crowd": {"annotators_per_sample": 5, "tolerance": 0, "decide": "aggregate", "cross_review": "none"},
}
