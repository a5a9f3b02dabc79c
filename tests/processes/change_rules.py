"""``python -m tests.processes.change_rules SECONDS``: change k again and again, and move what has begun each time.

Prints how many samples were moved.
"""

import sys
import time
from itertools import cycle

import django


def main() -> None:
    django.setup()
    from annotation.models import Study
    from annotation.studies import protocols

    study = Study.objects.get()
    deadline = time.monotonic() + float(sys.argv[1])
    moved = 0
    for k in cycle((2, 4, 3)):
        if time.monotonic() > deadline and k == 3:
            break
        protocols.change_protocol(by=None, study=study, annotators_per_sample=k)
        moved += protocols.move_samples(by=None, study=study)
        time.sleep(0.02)
    protocols.change_protocol(by=None, study=study, annotators_per_sample=3)
    moved += protocols.move_samples(by=None, study=study)
    sys.stdout.write(str(moved))


if __name__ == "__main__":
    main()
