"""The influence report of a large study, by the command."""

import json

from .agreement import SAMPLES, SAMPLES_QUICK
from .databases import Store
from .figures import Measured, row
from .population import SLUG, Population
from .programs import manage


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how long it takes and what the process needs for it, its start included; intervals draw 1,000 times."""
    samples = SAMPLES_QUICK if quick else SAMPLES
    # Two of the three annotators of every fourth sample, on four dimensions.
    suggested = samples // 4 * 2 * 4
    with store.filled(Population(samples=samples, scored=samples, met=True)) as database:
        name = f"influence of a judge, {suggested:,} suggested values in {samples:,} samples"
        done = manage("influence", SLUG, "--json", env=database.env())
        (whole,) = [entry for entry in json.loads(done.output)["rows"] if entry["dimension"] is None]
        if whole["values"] != suggested or whole["interval"] is None:
            raise RuntimeError(f"{suggested} values were to be counted in, with an interval, and came {whole}.")
        yield row(name, "s", most=20), done.seconds
        yield row(f"{name}: peak memory", "MB", most=500), done.peak_bytes / 1e6
