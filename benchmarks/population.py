"""What a filled study holds."""

from dataclasses import dataclass

SLUG = "bench"
ANNOTATORS = 8


@dataclass(frozen=True, slots=True)
class Population:
    """A study of samples with a text and a picture, three annotators each, and how far it is.

    The first ``scored`` samples have all their scores, by three of the annotators in turn. Each of the next ``begun``
    has one score, by the first annotator: the queue begins with a long run of that person's own samples. The next
    ``alternating`` have in turn one score and two, by the first annotator and by the first two: of the next scores
    every second one decides. ``decided``: what follows from the scores is done; as they are drawn by chance, nearly
    every sample with three of them is in discussion. ``agreed``: the scored ones have final scores, as if they had been
    discussed. ``pictures``: without, all samples are text alone. ``met``: two of the three annotators of every fourth
    scored sample have met a judge.
    """

    samples: int
    scored: int = 0
    begun: int = 0
    alternating: int = 0
    decided: bool = False
    agreed: bool = False
    pictures: bool = True
    met: bool = False


def a_third_scored(samples: int) -> Population:
    return Population(samples=samples, scored=samples // 3)
