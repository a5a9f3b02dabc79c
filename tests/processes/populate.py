"""``python -m tests.processes.populate PEOPLE SAMPLES K``: a study with annotators and samples, for other processes."""

import sys

import django


def main() -> None:
    django.setup()
    from tests.factories import make_member, make_sample, make_study

    people, samples, k = map(int, sys.argv[1:])
    study = make_study("crowd", k=k)
    for number in range(people):
        make_member(study, f"annotator-{number}")
    for _ in range(samples):
        make_sample(study)


if __name__ == "__main__":
    main()
