"""``python -m tests.processes.score_continuously USER``: lease and score in the one study until standard input ends.

Prints how many scores were stored.
"""

import random
import select
import sys
import time
from uuid import uuid4

import django


def main() -> None:
    django.setup()
    from annotation.core.errors import WrongState
    from annotation.core.rubric_cache import load_rubric
    from annotation.models import Study, User
    from annotation.scoring import leasing, submitting

    user = User.objects.get(username=sys.argv[1])
    study = Study.objects.get()
    keys = [dimension.key for dimension in load_rubric(study.rubric_id).dimensions]
    chance = random.Random(sys.argv[1])
    stored = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        lease = leasing.lease_samples(by=user, slug=study.slug)
        if not lease.assignments:
            time.sleep(0.05)
        for work in lease.assignments:
            try:
                submitting.submit_score(
                    by=user,
                    assignment_id=work.public_id,
                    client_key=uuid4(),
                    ratings={key: chance.randint(0, 5) for key in keys if key not in work.sample.locked},
                    notes={},
                    seconds=chance.uniform(1, 60),
                )
            except WrongState:
                continue
            stored += 1
    sys.stdout.write(str(stored))


if __name__ == "__main__":
    main()
