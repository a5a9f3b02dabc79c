"""Measure, and write one Markdown table.

    python -m benchmarks [NAME…] [--quick] [--out FILE] [--database KIND]… [--repetitions N]

PostgreSQL is the server that TEST_POSTGRES_URL names; `make bench` starts one for the time of the run. Everything
else is made in a temporary folder and gone afterwards. Every figure is the median of three runs, in brackets the
lowest and the highest where they differ; ``--quick`` measures once, and ``--repetitions`` as often as it says. The
clients run on the same processors as what they measure.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from . import (
    agreement,
    backups,
    board,
    deciding,
    discussing,
    exports,
    imports,
    influence,
    judging,
    load,
    page,
    releases,
    review_queue,
    startup,
    undisturbed,
    veteran,
    vlm,
)
from .databases import Store, stores
from .figures import DATABASES, Measured, Table

REPETITIONS = 3
QUIET_LOAD = 0.7
BENCHMARKS: dict[str, Callable[..., Measured]] = {
    "import": imports.measure_texts,
    "import-job": imports.measure_jobs,
    "pictures": imports.measure_pictures,
    "predictions": imports.measure_predictions,
    "load": load.measure,
    "deciding": deciding.measure,
    "discussions": discussing.measure,
    "veteran": veteran.measure,
    "export": exports.measure,
    "release": releases.measure_texts,
    "release-pictures": releases.measure_pictures,
    "undisturbed": undisturbed.measure,
    "backup": backups.measure,
    "agreement": agreement.measure,
    "influence": influence.measure,
    "judge": judging.measure,
    "queue": review_queue.measure,
    "board": board.measure,
    "startup": startup.measure,
    "page": page.measure,
    "vlm": vlm.measure,
}


def main() -> int:
    arguments = parse()
    load_before = os.getloadavg()[0]
    table = Table()
    failed: list[str] = []
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name,
        stores(Path(name) / "work", arguments.database) as made,
    ):
        for benchmark in arguments.names:
            for repetition in range(1, arguments.repetitions + 1):
                for store in made:
                    say(f"{benchmark} on {DATABASES[store.kind]}, {repetition} of {arguments.repetitions}")
                    failed += run(benchmark, store, table, quick=arguments.quick)
    text = report(table, failed, quick=arguments.quick, load_before=load_before)
    print(text)
    if arguments.out:
        arguments.out.write_text(text)
    return 1 if failed else 0


def run(name: str, store: Store, table: Table, *, quick: bool) -> list[str]:
    """Run one benchmark once; what goes wrong in it does not end the others."""
    started = time.monotonic()
    try:
        for row, value in BENCHMARKS[name](store, quick=quick):
            table.add(row, store.kind, value)
    except Exception as error:
        say(f"  failed: {error}")
        return [f"{name} on {DATABASES[store.kind]}: {type(error).__name__}"]
    say(f"  {time.monotonic() - started:.0f} s")
    return []


def report(table: Table, failed: list[str], *, quick: bool, load_before: float) -> str:
    """Return the table under what it was measured on."""
    machine = f"{os.cpu_count()} processors, {psutil.virtual_memory().total / 2**30:.0f} GiB of memory"
    python = f"Python {platform.python_version()}"
    text = f"Measured on {datetime.now(UTC):%Y-%m-%d} with {machine}, {python}"
    text += ", quickly: smaller counts.\n\n" if quick else ".\n\n"
    if load_before > QUIET_LOAD:
        text += f"The machine was busy with something else (load {load_before:.1f} before the run): too slow.\n\n"
    text += table.markdown()
    for title, lines in (("Falls short", table.missed()), ("Failed", sorted(set(failed)))):
        if lines:
            text += f"\n{title}: {'; '.join(lines)}.\n"
    return text


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and write one table.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without any")
    parser.add_argument("--quick", action="store_true", help="smaller counts, once")
    parser.add_argument("--out", type=Path, help="write the table into this file, too")
    parser.add_argument("--database", action="append", choices=list(DATABASES), help="only this one")
    parser.add_argument("--repetitions", type=int, help=f"{REPETITIONS}, or 1 with --quick")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    arguments.names = arguments.names or list(BENCHMARKS)
    arguments.database = arguments.database or list(DATABASES)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else REPETITIONS)
    return arguments


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
