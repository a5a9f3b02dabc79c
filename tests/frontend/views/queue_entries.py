"""A review queue with entries of every kind, and helpers to read its page."""

import hashlib
import re
from collections.abc import Mapping
from itertools import count

from annotation.models import QueueEntry, ReviewQueue, Sample, Study
from annotation.review_queue import ranking
from annotation.review_queue.ranking import LEAST_SHARE, QueueKind
from tests.annotation.review_queue.queue_studies import (
    make_active_judge,
    make_dimension_prediction,
    rebuild_queues,
    store_prediction,
)
from tests.annotation.scoring.score_rows import same, score
from tests.factories import make_sample

PAGE = "/studies/birds/queue/"
QUESTIONS = {
    "heart": "Label the four chambers of the heart and say which way the blood runs through each.",
    "eclipse": "Why is there no solar eclipse at every new moon? Explain it, and draw how Sun, Moon and Earth stand.",
    "sourdough": "What went wrong if my sourdough is flat? Explain, and show a good crumb beside a bad one.",
    "bridge": "How does a suspension bridge carry its deck? Sketch where the forces go.",
    "tea": "Write the steps of a tea ceremony and illustrate the third one.",
    "flower": "Which parts does a flower need to make seeds? Show me them in one drawing.",
    "lens": "How does a Fresnel lens carry a lighthouse’s beam so far? With a picture.",
}
DOMAINS = {"heart": "anatomy", "eclipse": "astronomy", "bridge": "engineering", "tea": "customs"}


SEED = 1
LETTERS = "23456789bcdefghijklmnopqrstuvwxyz"
# Whose place is drawn by chance; of the one sample that is audited it always is.
BY_CHANCE = {QueueKind.DISPUTED: ("eclipse", "flower"), QueueKind.LABEL_NEXT: ("tea",)}


def make_queue(study: Study) -> dict[str, Sample]:
    """Make samples with scores and predictions, and the queues of the study.

    Ann and Ben differ by 4 on the heart and by 2 on the eclipse, agree on the sourdough, and only Ann has scored the
    bridge. The tea has no picture; nobody has scored it, the flower and the lens. Chance draws those of `BY_CHANCE`.
    """
    found: dict[str, Sample] = {}

    def sample(name: str, text: str | None = "An answer.") -> Sample:
        pictures = () if name == "tea" else ("red",)
        made = make_sample(
            study,
            text,
            pictures,
            external_id=name,
            public_id=_drawn(study.slug, name),
            question=QUESTIONS[name],
            domain=DOMAINS.get(name, ""),
        )
        found[name] = made
        return made

    for name, values in {
        "heart": {"ann": same(4, ITS=1), "ben": same(4, ITS=5)},
        "eclipse": {"ann": same(3, ICC=2), "ben": same(3, ICC=4)},
        "sourdough": {"ann": same(4), "ben": same(4)},
        "bridge": {"ann": same(3, ITS=5)},
    }.items():
        sample(name)
        for who, given in values.items():
            score(study, who, given)
    for name in ("tea", "flower", "lens"):
        sample(name)
    judge_all(study, found)
    ReviewQueue.objects.update_or_create(study=study, defaults={"seed": SEED})
    rebuild_queues(study)
    return found


def _drawn(slug: str, name: str) -> str:
    """Return an opaque id that chance treats as the story has it."""
    for number in count():
        digest = hashlib.sha256(f"{slug} {name} {number}".encode()).digest()
        opaque = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:12])
        if all(
            (ranking.draw_number(opaque, queue, seed=SEED) < LEAST_SHARE) == (name in names)
            for queue, names in BY_CHANCE.items()
        ):
            return opaque
    raise AssertionError("numbers do not end")


def judge_all(study: Study, samples: Mapping[str, Sample]) -> None:
    """Store a prediction of the active judge for each sample.

    Of the bridge and the heart it is least sure.
    """
    run = make_active_judge(study)
    for number, (name, sample) in enumerate(samples.items()):
        words = {
            "TCC": make_dimension_prediction(1.9 if name == "tea" else 3.4, unlike=0.02, ensemble_sd=0.1 + number / 20)
        }
        if name != "tea":
            words["ICC"] = make_dimension_prediction(2.6, unlike=0.02, ensemble_sd=0.2)
            words["IQ"] = make_dimension_prediction(3.1, unlike=0.02, ensemble_sd=0.1)
            words["ITS"] = make_dimension_prediction(
                {"heart": 3.9, "bridge": 3.2, "sourdough": 1.2}.get(name, 2.9),
                unlike={"heart": 0.4, "bridge": 0.4}.get(name, 0.1),
                interval=(0.4, 2.2) if name == "sourdough" else (2.0, 4.0),
                ensemble_sd=0.3 + number / 10,
            )
        store_prediction(run, sample, words, cluster=number % 3)


def entry_of(sample: Sample, kind: str = "disputed") -> QueueEntry:
    return QueueEntry.objects.get(sample=sample, kind=kind)


def listed(page: str) -> list[str]:
    """Return the external ids in the list, in order."""
    return re.findall(r'<span class="text-tiny text-quiet">sample ([\w-]+)', page)


def line(page: str, name: str) -> str:
    """Return one entry's markup."""
    found = [part for part in page.split('<li class="queue-row')[1:] if f">sample {name}" in part]
    assert len(found) == 1, name
    return found[0].split("</li>")[0]


def words(markup: str) -> str:
    """Return what is read in some markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup)).strip()


def why(page: str, name: str) -> str:
    return words(line(page, name).split('<div class="reason-text">')[1].split("</div>")[0])


def address(sample: Sample, step: str = "", kind: str = "disputed") -> str:
    return f"{PAGE}{entry_of(sample, kind).public_id}/{step}"
