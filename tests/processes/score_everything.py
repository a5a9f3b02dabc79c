"""``python -m tests.processes.score_everything USER SECONDS``: lease and score until nobody has anything left to do.

Prints what was done.
Some leases are left to run out, some are skipped and some scores are undone, as in life.
"""

import json
import random
import sys
import time
from uuid import uuid4

import django


def main() -> None:
    django.setup()
    from django.db.models import Q

    from annotation.core.errors import WrongState
    from annotation.models import Assignment, Sample, Study, User
    from annotation.scoring import leasing, submitting

    user = User.objects.get(username=sys.argv[1])
    study = Study.objects.get()
    chance = random.Random(sys.argv[1])
    done: list[str] = []
    # Also what somebody else holds: once they let go of it, it is for others alone. In one query, since the one becomes
    # the other meanwhile.
    left = Sample.objects.filter(~Q(stage=Sample.Stage.CLOSED) | Q(assignments__state=Assignment.State.LEASED))
    deadline = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < deadline:
        lease = leasing.lease_samples(by=user, slug=study.slug, count=chance.choice([1, 1, 2, 4]))
        if not lease.assignments:
            if not left.exists():
                break
            time.sleep(0.05)
            continue
        for work in lease.assignments:
            what = chance.random()
            if what < 0.03:
                Assignment.objects.filter(public_id=work.public_id).update(expires_at=work.leased_at)
                continue
            try:
                submitting.submit_score(
                    by=user,
                    assignment_id=work.public_id,
                    client_key=uuid4(),
                    ratings={"TCC": chance.randint(0, 5)},
                    notes={},
                    seconds=1.0,
                )
                if what > 0.97:
                    submitting.undo_score(by=user, assignment_id=work.public_id)
                    continue
            except WrongState as error:
                if error.code == "lease_lost":
                    continue
                if error.code != "decided":
                    raise
            done.append(work.public_id)
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
