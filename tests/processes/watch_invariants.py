"""``python -m tests.processes.watch_invariants``: look for broken rules again and again until standard input ends.

Prints how often it looked, and what it found.
"""

import json
import select
import sys

import django


def main() -> None:
    django.setup()
    from django.db import connection, transaction

    from annotation.models import Study
    from tests.annotation.invariants import Memory, broken

    memory = Memory(Study.objects.get())
    looks, found, last = 0, [], False
    while not found and not last:
        # Once more after the end.
        last = bool(select.select([sys.stdin], [], [], 0.2)[0])
        with transaction.atomic():
            if connection.vendor == "postgresql":
                # All at one moment, though others go on.
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = [*broken(memory.study), *memory.changes()]
        looks += 1
    sys.stdout.write(json.dumps({"looks": looks, "found": found}))


if __name__ == "__main__":
    main()
