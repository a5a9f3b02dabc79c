"""The board and the page of agreement of a large study, as an admin opens them: from stored figures."""

import statistics
from functools import partial

from .agreement import JOB, SAMPLES, SAMPLES_QUICK
from .client import converse
from .databases import Store
from .figures import Measured, row
from .load import tell
from .pages import SET_PASSWORD, Reader, page_of, signed_in
from .population import SLUG, Population
from .programs import manage, run
from .server import serving

TIMES, TIMES_QUICK = 40, 15
WARM_UP = 5
PAGE_MS = 150
PAGES = {
    "board": (f"/studies/{SLUG}/", b"h-annotators"),
    "agreement, the page": (f"/studies/{SLUG}/agreement/", b"h-pairs"),
}


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how long each page takes once figures are calculated."""
    samples = SAMPLES_QUICK if quick else SAMPLES
    faults: list[str] = []
    with store.filled(Population(samples=samples, scored=samples)) as database:
        manage("create_user", "ada", env=database.env())
        manage("add_member", SLUG, "ada", "--role", "admin", env=database.env())
        manage("shell", "--verbosity=0", "-c", SET_PASSWORD, env=database.env())
        manage("collectstatic", "--noinput", "--verbosity=0", env=database.env())
        run(["-c", JOB], env=database.env())
        with serving(database, workers=1) as server:
            cookie = signed_in(server, "ada")
            for title, (path, shown) in PAGES.items():
                fits = partial(_contains, shown)
                converse(server.port, [Reader(page_of(path, cookie), WARM_UP, fits)])
                reader = Reader(page_of(path, cookie), TIMES_QUICK if quick else TIMES, fits)
                converse(server.port, [reader])
                faults += reader.faults
                name = f"{title}, {samples:,} samples of three scores, p50"
                yield row(name, "ms", most=PAGE_MS), 1000 * statistics.median(reader.seconds)
    yield row("board: wrong answers", "", most=0), len(faults)
    tell(faults)


def _contains(shown: bytes, body: bytes) -> bool:
    return shown in body
