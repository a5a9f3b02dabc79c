"""Makes finished studies whose annotators differ in a way that can be learned."""

import numpy as np

from annotation.simulation.replay import FinishedDimension

LEVELS = (1.0, 2.0, 3.0, 4.0, 5.0)


def make_finished_dimension(count=200, *, seed=1, questions=40, strict=2.0):
    """Make scores of three annotators, the third one stricter on half of the questions.

    Half of the samples are plain and half divide, by question; plain ones are 4 or 5 to everybody. Of those that divide
    the first two give 3 or 4, and the third about ``strict`` levels less.
    """
    rng = np.random.default_rng(seed)
    question = np.arange(count) % questions
    divides = question % 2 == 1
    own = np.where(divides[:, None], rng.integers(2, 4, (count, 3)), rng.integers(3, 5, (count, 3)))
    own[:, 2] -= np.where(divides, round(strict), 0)
    values = np.clip(own, 0, 4)
    people = np.tile(np.arange(3), (count, 1))
    return FinishedDimension([f"sample-{number}" for number in range(count)], question, LEVELS, values, people)
