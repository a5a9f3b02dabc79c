"""Lists of discussions in a study with ten thousand of them, as admins and annotators open them."""

import json
import statistics

from .client import converse, request
from .databases import Database, Store
from .figures import Measured, row
from .load import tell
from .pages import SET_PASSWORD, Fits, Reader, page_of, signed_in
from .population import SLUG, Population
from .programs import manage
from .server import serving

CASES = 10_000
# A few that happen to be agreed must not make them fewer.
SAMPLES = CASES + 20
TIMES, TIMES_QUICK = 60, 20
WARM_UP = 5
PAGE_MS = 50
API = f"/api/studies/{SLUG}/discussions/"


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield what the first page of each list takes, by the API, and as the page that admins see."""
    with store.filled(Population(samples=SAMPLES, scored=SAMPLES, decided=True)) as database:
        faults = _too_few(database)
        manage("create_user", "ada", env=database.env())
        manage("add_member", SLUG, "ada", "--role", "admin", env=database.env())
        ada = manage("create_token", "ada", env=database.env()).output.strip()
        manage("shell", "--verbosity=0", "-c", SET_PASSWORD, env=database.env())
        manage("collectstatic", "--noinput", "--verbosity=0", env=database.env())
        lists: dict[str, tuple[bytes, Fits]] = {
            "discussions of an annotator, the first page by the API": (
                request("GET", f"{API}?state=waiting", database.tokens[0]),
                _full,
            ),
            "discussions for admins, the first page by the API": (request("GET", f"{API}?state=open", ada), _full),
        }
        with serving(database, workers=1) as server:
            page = page_of(f"/studies/{SLUG}/discussions/", signed_in(server, "ada"))
            lists["discussions for admins, the page"] = (page, _shown)
            for title, (asked, fits) in lists.items():
                converse(server.port, [Reader(asked, WARM_UP, fits)])
                reader = Reader(asked, TIMES_QUICK if quick else TIMES, fits)
                converse(server.port, [reader])
                faults += reader.faults
                yield row(f"{title}, p50", "ms", most=PAGE_MS), 1000 * statistics.median(reader.seconds)
    yield row("discussions: wrong answers", "", most=0), len(faults)
    tell(faults)


def _too_few(database: Database) -> list[str]:
    found = database.rows("SELECT count(*) FROM annotation_discussion WHERE state = 'open'")[0][0]
    return [f"only {found} discussions are open"] if found < CASES else []


def _full(body: bytes) -> bool:
    return len(json.loads(body)["results"]) == 50


def _shown(body: bytes) -> bool:
    return body.count(b"/discussions/") >= 25
