"""``python -m tests.processes.take_random_actions SEED ACTS``: do this and that in the one study there is.

Prints how often each act succeeded. Anything but a refusal ends it.
"""

import json
import random
import sys
from collections import Counter

import django


def main() -> None:
    django.setup()
    from annotation.models import Study
    from tests.annotation.workflow_actions import WEIGHTED, Acts

    seed, count = map(int, sys.argv[1:])
    chance = random.Random(seed)
    acts = Acts(Study.objects.get(), chance.choice)
    done: Counter[str] = Counter()
    for _ in range(count):
        name = chance.choice(WEIGHTED)
        done[name] += acts.do(name)
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
