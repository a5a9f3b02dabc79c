"""Annotators at work: each leases one sample, scores it on four dimensions, and asks for the next."""

import json
import uuid
from dataclasses import dataclass, field

from .client import converse, request
from .databases import Database
from .population import SLUG
from .server import Server

RATINGS = {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 4}
LEASE = b'{"count":1}'


@dataclass(slots=True)
class Log:
    """What a group of annotators met with."""

    lease_seconds: list[float] = field(default_factory=list)
    submit_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def pairs(self) -> int:
        return len(self.submit_seconds)


class Annotator:
    """Asks for ``pairs`` samples and scores each."""

    def __init__(self, token: str, pairs: int, log: Log) -> None:
        self.token, self.left, self.log = token, pairs, log
        self.assignment: str | None = None
        self.lease = request("POST", f"/api/studies/{SLUG}/assignments/", token, LEASE)

    def next_request(self) -> bytes | None:
        if self.assignment is None:
            return self.lease if self.left > 0 else None
        body = {"client_key": str(uuid.uuid4()), "ratings": RATINGS, "notes": {}, "seconds": 12.5}
        path = f"/api/assignments/{self.assignment}/score/"
        return request("PUT", path, self.token, json.dumps(body).encode())

    def take(self, status: int, body: bytes, seconds: float) -> None:
        submitted, self.assignment = self.assignment, None
        if status != 200:
            self._fail(f"{'submit' if submitted else 'lease'} {status}: {body[:300].decode(errors='replace')}")
        elif submitted:
            self.log.submit_seconds.append(seconds)
            self.left -= 1
        else:
            answer = json.loads(body)
            if answer["assignments"]:
                self.assignment = answer["assignments"][0]["id"]
                self.log.lease_seconds.append(seconds)
            else:
                self._fail(f"a lease of nothing: {answer['reason']}")

    def _fail(self, fault: str) -> None:
        self.left -= 1
        self.log.faults.append(fault)


def work(server: Server, tokens: tuple[str, ...], pairs_each: int) -> tuple[Log, float]:
    """Let annotators work in parallel; returns what they met with and how long it took."""
    log = Log()
    return log, converse(server.port, [Annotator(token, pairs_each, log) for token in tokens])


# What must never be: more live assignments than slots, one slot or one annotator twice, and a score that was
# acknowledged and is not there, or not with all of its ratings.
BROKEN_RULES = {
    "samples with more than three live assignments": """SELECT count(*) FROM (SELECT sample_id
        FROM annotation_assignment WHERE state <= 2 GROUP BY sample_id HAVING count(*) > 3) AS found""",
    "slots given twice": """SELECT count(*) FROM (SELECT sample_id FROM annotation_assignment WHERE state <= 2
        GROUP BY sample_id, slot HAVING count(*) > 1) AS found""",
    "annotators twice on a sample": """SELECT count(*) FROM (SELECT sample_id FROM annotation_assignment
        GROUP BY sample_id, member_id HAVING count(*) > 1) AS found""",
    "samples whose count of scores is wrong": """SELECT count(*) FROM annotation_sample s WHERE scores_in <>
        (SELECT count(*) FROM annotation_score c WHERE c.sample_id = s.id AND c.voided_at IS NULL)""",
    "scores without four ratings": """SELECT count(*) FROM annotation_score c WHERE
        (SELECT count(*) FROM annotation_rating r WHERE r.score_id = c.id) <> 4""",
}


def scores(database: Database) -> int:
    return int(database.rows("SELECT count(*) FROM annotation_score")[0][0])


def broken_rules(database: Database) -> list[str]:
    """Return what the database should not hold."""
    found = ((what, int(database.rows(sql)[0][0])) for what, sql in BROKEN_RULES.items())
    return [f"{count} {what}" for what, count in found if count]
