"""Many people at once, each a process of their own, on a file of SQLite and on PostgreSQL."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.databases import BOTH, environment, fresh_database, manage

PEOPLE, SAMPLES, K = 8, 60, 3
ACTS_EACH = 80
# So that processes which wait for one another fail the test.
PATIENCE = 300
CHECK = """
import json
from django.db.models import Count
from annotation.models import *
print(json.dumps({
    "live": [list(row) for row in Assignment.objects.filter(state__lte=2).values_list("sample_id", "slot")],
    "pairs": [list(row) for row in Assignment.objects.values_list("sample_id", "member_id")],
    "scored": list(Assignment.objects.filter(state=2).values_list("public_id", flat=True)),
    "standing": [list(row) for row in Score.objects.filter(voided_at=None).values_list("sample_id", "member_id")],
    "counted": dict(Sample.objects.values_list("id", "scores_in")),
    "closed": Sample.objects.filter(stage=0, free_slots=0).count(),
    "undecided": Sample.objects.exclude(state__in=("agreed", "in_discussion")).count(),
    "discussed": list(Sample.objects.filter(state="in_discussion").values_list("discussions__id", "id")),
    "agreed": dict(Sample.objects.filter(state="agreed").annotate(n=Count("final_scores")).values_list("id", "n")),
}))
"""


def run(module: str, *arguments: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.processes.{module}", *arguments],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("kind", BOTH)
def test_eight_processes_at_once_give_no_slot_twice_and_lose_no_score(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path, migrated=True) as url:
        env = environment(url, tmp_path)
        output, errors = run("populate", str(PEOPLE), str(SAMPLES), str(K), env=env).communicate(timeout=PATIENCE)
        assert not errors, errors
        workers = [run("score_everything", f"annotator-{n}", "240", env=env) for n in range(PEOPLE)]
        done: list[str] = []
        for worker in workers:
            output, errors = worker.communicate(timeout=PATIENCE)
            assert worker.returncode == 0, errors
            done += json.loads(output)
        found: dict[str, Any] = json.loads(manage("shell", "--verbosity=0", "-c", CHECK, env=env))

    assert not [slot for slot, count in Counter(map(tuple, found["live"])).items() if count > 1]
    assert not [pair for pair, count in Counter(map(tuple, found["pairs"])).items() if count > 1]
    assert max(Counter(sample for sample, _ in found["live"]).values()) == K
    assert sorted(done) == sorted(found["scored"])
    per_sample = Counter(sample for sample, _ in found["standing"])
    assert {int(sample): count for sample, count in found["counted"].items()} == dict(per_sample)
    assert set(per_sample.values()) == {K}
    assert found["closed"] == SAMPLES
    # Each was decided once, by the last of its scores.
    assert found["undecided"] == 0
    assert len(found["discussed"]) == len({sample for _, sample in found["discussed"]})
    assert all(discussion for discussion, _ in found["discussed"])
    assert set(found["agreed"].values()) <= {4}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOTH)
def test_whatever_many_do_at_once_the_rules_hold(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path, migrated=True) as url:
        env = environment(url, tmp_path)
        output, errors = run("populate", "6", "30", "2", "ada", "all", "both", env=env).communicate(timeout=PATIENCE)
        assert not errors, errors
        watcher = run("watch_invariants", env=env)
        workers = [run("take_random_actions", str(seed), str(ACTS_EACH), env=env) for seed in range(5)]
        done: Counter[str] = Counter()
        try:
            for worker in workers:
                output, errors = worker.communicate(timeout=PATIENCE)
                assert worker.returncode == 0, errors
                done += Counter(json.loads(output))
        finally:
            output, errors = watcher.communicate("done", timeout=PATIENCE)
        assert watcher.returncode == 0, errors
        seen = json.loads(output)
    assert not seen["found"], "\n".join(seen["found"])
    assert seen["looks"] > 1
    for act in ("work", "revise", "give_reasons", "come_together", "reopen", "give"):
        assert done[act], f"nobody has ever managed to {act}: {done}"
