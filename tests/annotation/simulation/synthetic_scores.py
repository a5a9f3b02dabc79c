"""Studies made up for tests of foresight: people who differ in a way that can be learned."""

import numpy as np

from annotation.simulation.replay import FinishedDimension

LEVELS = (1.0, 2.0, 3.0, 4.0, 5.0)


def make_finished_dimension(count=200, *, seed=1, questions=40, strict=2.0):
    """Return scores of three people; of the samples that divide them the third person takes a stricter view.

    Half of the samples are plain and half divide, by question; plain ones are 4 or 5 to everybody. Of those that divide
    the first two give 3 or 4, and the third about ``strict`` levels less.
    """
    chance = np.random.default_rng(seed)
    question = np.arange(count) % questions
    divides = question % 2 == 1
    own = np.where(divides[:, None], chance.integers(2, 4, (count, 3)), chance.integers(3, 5, (count, 3)))
    own[:, 2] -= np.where(divides, round(strict), 0)
    values = np.clip(own, 0, 4)
    people = np.tile(np.arange(3), (count, 1))
    return FinishedDimension([f"sample-{number}" for number in range(count)], question, LEVELS, values, people)
