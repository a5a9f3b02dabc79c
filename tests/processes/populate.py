"""``python -m tests.processes.populate PEOPLE SAMPLES K [ADMIN REVIEW [SUGGESTIONS]]``: a study for other processes.

With ``SUGGESTIONS`` after all of that a judge has something to say of every sample.
"""

import sys

import django


def main() -> None:
    django.setup()
    from tests.factories import make_member, make_sample, make_study
    from tests.suggestion_studies import judge_saying

    people, samples, k = map(int, sys.argv[1:4])
    admins, review = sys.argv[4:5], sys.argv[5:6]
    suggestions = sys.argv[6] if len(sys.argv) > 6 else "none"
    study = make_study("crowd", k=k, cross_review=review[0] if review else "none", suggestions=suggestions)
    for number in range(people):
        make_member(study, f"annotator-{number}")
    for name in admins:
        make_member(study, name, "admin")
    made = [make_sample(study) for _ in range(samples)]
    if suggestions != "none":
        judge_saying(study, {sample: {"TCC": 3} for sample in made})


if __name__ == "__main__":
    main()
