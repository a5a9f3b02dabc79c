"""Exporting every rating of a study, by the command that a person would use."""

from .databases import Store
from .figures import Measured, row
from .population import SLUG, Population
from .programs import manage

SAMPLES, SAMPLES_QUICK = 48_000, 8_000
RATINGS_PER_SAMPLE = 3 * 4
FORMATS = ("csv", "jsonl")


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how many ratings go out a second and what the process needs for it."""
    samples = SAMPLES_QUICK if quick else SAMPLES
    ratings = samples * RATINGS_PER_SAMPLE
    with store.filled(Population(samples=samples, scored=samples)) as database:
        for form in FORMATS:
            file = database.folder / f"scores.{form}"
            done = manage("export_scores", SLUG, "--format", form, env=database.env(), output=file)
            with file.open("rb") as written:
                lines = sum(1 for _ in written) - (form == "csv")
            if lines != ratings:
                raise RuntimeError(f"{ratings} ratings were to be exported, and the file holds {lines}.")
            name = f"export of {ratings:,} ratings as {form.upper()}"
            yield row(name, "ratings/s", least=300_000), ratings / done.seconds
            yield row(f"{name}: peak memory", "MB", most=120), done.peak_bytes / 1e6
