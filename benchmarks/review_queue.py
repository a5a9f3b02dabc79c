"""The review queue of a large study: made anew, followed, opened, and as the order in which work is given out."""

import json
import statistics
from typing import NamedTuple

from .annotators import broken_rules, work
from .client import converse, request
from .databases import Database, Store
from .figures import Measured, row
from .load import tell
from .pages import SET_PASSWORD, Reader, page_of, signed_in
from .population import SLUG, Population
from .programs import manage, module, run
from .server import serving

SAMPLES, SAMPLES_QUICK = 48_000, 8_000
TIMES, TIMES_QUICK = 60, 20
WARM_UP = 5
PAIRS_EACH, PAIRS_EACH_QUICK = 150, 50
WARM_UP_PAIRS_EACH = 25
REFRESH_SECONDS, PAGE_MS, RATIO = 20, 50, 1.2
# A process of its own, as it would be a worker that has done nothing else.
REFRESH = f"""
import django, sys, time
django.setup()
from annotation.models import Job, Study
from annotation.jobs import running as job_runner
from annotation.review_queue import rebuild
study = Study.objects.get(slug={SLUG!r})
job = rebuild.request_rebuild(by=None, study=study)
begun = time.monotonic()
job_runner.run_job(job.pk)
print(time.monotonic() - begun)
job.refresh_from_db()
sys.exit(job.error if job.state != "done" else 0)
"""
# Of what a hundred scores leave behind, as a look of every fifteen seconds at a study in full swing finds it.
FOLLOW = f"""
import django, time
django.setup()
from annotation.models import ReviewQueue, Sample
from annotation.review_queue.incremental_update import update_queues
queue = ReviewQueue.objects.select_related("study", "run").get(study__slug={SLUG!r})
samples = list(Sample.objects.filter(scores_in__gt=0).order_by("-pk").values_list("pk", flat=True)[:100])
begun = time.monotonic()
update_queues(queue, sorted(samples))
print(time.monotonic() - begun)
"""
FIRST_ORDER = f"""
from annotation.models import Protocol
Protocol.objects.filter(study__slug={SLUG!r}).update(work_order="disputed")
"""


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield how long each takes, and what a lease and a score cost with priorities over what they cost without."""
    samples = SAMPLES_QUICK if quick else SAMPLES
    population = Population(samples=samples, scored=samples // 3, alternating=samples // 24)
    faults: list[str] = []
    with store.filled(population) as database, store.filled(population) as even:
        module("benchmarks.predicting", env=database.env())
        manage("shell", "--verbosity=0", "-c", FIRST_ORDER, env=database.env())
        name = f"review queue of {samples:,} samples"
        for what in ("made", "made anew"):
            done = run(["-c", REFRESH], env=database.env())
            yield row(f"{name}: {what}, as a job", "s", most=REFRESH_SECONDS), float(done.output)
            yield row(f"{name}: {what}, peak memory", "MB", most=1000), done.peak_bytes / 1e6
        faults += _not_ordered(database, samples)
        seconds = float(run(["-c", FOLLOW], env=database.env()).output)
        yield row(f"{name}: followed for 100 samples", "ms"), 1000 * seconds
        yield from _pages(database, name, faults, quick=quick)
        by_priority, alike = _compared(database, even, faults, quick=quick)
        yield row(f"lease and submit at {samples:,} samples, by priority", "ms/pair"), 1000 * by_priority.seconds
        title = "lease and submit by priority over all alike"
        yield row(title, "times", most=RATIO), by_priority.seconds / alike.seconds
        yield row(f"{title}: web processes' CPU", "times", most=RATIO), by_priority.cpu_seconds / alike.cpu_seconds
    yield row("review queue: wrong answers", "", most=0), len(faults)
    tell(faults)


def _pages(database: Database, name: str, faults: list[str], *, quick: bool) -> Measured:
    manage("create_user", "ada", env=database.env())
    manage("add_member", SLUG, "ada", "--role", "admin", env=database.env())
    ada = manage("create_token", "ada", env=database.env()).output.strip()
    manage("shell", "--verbosity=0", "-c", SET_PASSWORD, env=database.env())
    manage("collectstatic", "--noinput", "--verbosity=0", env=database.env())
    with serving(database, workers=1) as server:
        address = f"/studies/{SLUG}/queue/"
        pages = {
            "disputed by the API": (request("GET", f"/api{address}?kind=disputed", ada), _full),
            "label next by the API": (request("GET", f"/api{address}?kind=label_next", ada), _full),
            "disputed, the page": (page_of(address, signed_in(server, "ada")), _shown),
        }
        for title, (asked, fits) in pages.items():
            converse(server.port, [Reader(asked, WARM_UP, fits)])
            reader = Reader(asked, TIMES_QUICK if quick else TIMES, fits)
            converse(server.port, [reader])
            faults += reader.faults
            yield row(f"{name}: {title}, first page, p50", "ms", most=PAGE_MS), 1000 * statistics.median(reader.seconds)


class _Took(NamedTuple):
    """What a pair of lease and score took."""

    seconds: float
    cpu_seconds: float
    """Of the web processes: whatever else is at work on the machine hardly changes it."""


def _compared(ordered: Database, even: Database, faults: list[str], *, quick: bool) -> tuple[_Took, _Took]:
    """Return what a pair takes with priorities and without, in turn on the same machine."""
    pairs = PAIRS_EACH_QUICK if quick else PAIRS_EACH
    took: dict[str, list[_Took]] = {"ordered": [], "even": []}
    for database in (ordered, even):
        _pairs(database, WARM_UP_PAIRS_EACH, faults)
    for name in ("even", "ordered", "ordered", "even"):
        took[name].append(_pairs(ordered if name == "ordered" else even, pairs, faults))
    for database in (ordered, even):
        faults += broken_rules(database)
    return _mean(took["ordered"]), _mean(took["even"])


def _pairs(database: Database, pairs: int, faults: list[str]) -> _Took:
    with serving(database) as server:
        before = server.cpu_seconds()
        log, seconds = work(server, database.tokens, pairs)
        cpu_seconds = server.cpu_seconds() - before
    faults += log.faults
    count = max(1, log.pairs)
    return _Took(seconds / count, cpu_seconds / count)


def _mean(took: list[_Took]) -> _Took:
    return _Took(*(statistics.mean(values) for values in zip(*took, strict=True)))


def _not_ordered(database: Database, samples: int) -> list[str]:
    """Return what is wrong about the queues themselves."""
    entries = database.rows("SELECT count(*) FROM annotation_queueentry WHERE kind = 'disputed'")[0][0]
    priorities = database.rows("SELECT count(DISTINCT priority) FROM annotation_sample WHERE stage > 0")[0][0]
    wrong = [] if entries >= samples * 0.99 else [f"only {entries} entries"]
    return wrong if priorities == 10 else [*wrong, f"only {priorities} priorities"]


def _full(body: bytes) -> bool:
    return len(json.loads(body)["results"]) == 50


def _shown(body: bytes) -> bool:
    return body.count(b'class="queue-row') >= 25
