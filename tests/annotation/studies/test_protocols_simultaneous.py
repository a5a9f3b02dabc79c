"""Rules change while people score, in separate processes.

The tests run on a file of SQLite and on PostgreSQL.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.databases import BOTH, environment, fresh_database, manage

PEOPLE, SAMPLES, SECONDS = 4, 60, 6
SCORE = """
import sys, time
from uuid import uuid4
from annotation.core.errors import WrongState
from annotation.models import User
from annotation.scoring import leasing as assigning
from annotation.scoring import submitting as scoring
ann = User.objects.get(username="annotator-{number}")
deadline = time.monotonic() + {seconds}
while time.monotonic() < deadline:
    for work in assigning.lease_samples(by=ann, slug="crowd", count=2).assignments:
        try:
            scoring.submit_score(by=ann, assignment_id=work.public_id, client_key=uuid4(), ratings={{"TCC": 3}},
                                 notes={{}}, seconds=1.0)
        except WrongState as error:
            if error.code not in ("lease_lost", "wrong_state"):
                raise
"""
CHECK = """
import json
from annotation.models import *
rows = []
for sample in Sample.objects.select_related("protocol"):
    own = Assignment.objects.filter(sample=sample)
    rows.append({
        "state": sample.state,
        "begun": sample.protocol_id is not None,
        "k": sample.protocol.annotators_per_sample if sample.protocol else 0,
        "needed": sample.scores_needed,
        "in": sample.scores_in,
        "standing": Score.objects.filter(sample=sample, voided_at=None).count(),
        "held": own.filter(state=1).count(),
        "free": sample.free_slots.bit_count(),
        "final": FinalScore.objects.filter(sample=sample, current=True).count(),
    })
print(json.dumps(rows))
"""


@pytest.mark.parametrize("kind", BOTH)
def test_no_sample_is_asked_for_too_often_or_left_undecided_while_its_rules_change(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path, migrated=True) as url:
        env = environment(url, tmp_path)
        arguments = [sys.executable, "-m", "tests.processes.populate", str(PEOPLE), str(SAMPLES), "3"]
        subprocess.run(arguments, env=env, check=True, capture_output=True)
        people = [
            [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", SCORE.format(number=number, seconds=SECONDS)]
            for number in range(PEOPLE)
        ]
        lead = [sys.executable, "-m", "tests.processes.change_rules", str(SECONDS)]
        running = [
            subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for command in [*people, lead]
        ]
        outputs = []
        for process in running:
            output, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors
            outputs.append(output)
        found: list[dict[str, Any]] = json.loads(manage("shell", "--verbosity=0", "-c", CHECK, env=env))

    assert int(outputs[-1]) > 0
    assert any(row["state"] == "agreed" for row in found)
    for row in found:
        assert row["in"] == row["standing"], row
        if row["state"] == "scoring":
            assert row["k"] == row["needed"] == 3, row
            assert row["in"] + row["held"] + row["free"] == row["needed"], row
            assert row["in"] < row["needed"], row
        elif row["begun"]:
            assert (row["state"], row["free"], row["final"]) == ("agreed", 0, 4), row
            assert row["in"] <= 4, row
