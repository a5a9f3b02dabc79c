"""``python -m tests.processes.populate PEOPLE SAMPLES K [ADMIN CROSS_REVIEW]``: a study for other processes."""

import sys

import django


def main() -> None:
    django.setup()
    from tests.factories import make_member, make_sample, make_study

    people, samples, k = map(int, sys.argv[1:4])
    admins, review = sys.argv[4:5], sys.argv[5:6]
    study = make_study("crowd", k=k, cross_review=review[0] if review else "none")
    for number in range(people):
        make_member(study, f"annotator-{number}")
    for name in admins:
        make_member(study, name, "admin")
    for _ in range(samples):
        make_sample(study)


if __name__ == "__main__":
    main()
