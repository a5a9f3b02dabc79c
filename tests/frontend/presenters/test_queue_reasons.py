"""The review queue says in words why each sample stands where it stands."""

from typing import Any

import pytest
from django.test import Client

from annotation.models import Arm, Discussion, Level, QueueEntry, Rating, Sample, Score
from tests.annotation.review_queue.queue_studies import rebuild_queues
from tests.frontend.views.disputes import text_of
from tests.frontend.views.queue_entries import PAGE, entry_of, listed, why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


def chance_of(sample: Sample, kind: str = "disputed") -> str:
    return f"{entry_of(sample, kind).reason['chance']:.2f}"


def test_each_entry_says_in_words_and_figures_why_it_is_there(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, PAGE)
    # What the judge held of it before it came true: twice .4 times .6.
    assert why(page, "heart") == (
        "ITS 1 and 5: a range of 4, the widest of those in order. TCC, ICC and IQ agree. "
        "Judge expects 3.9; chance of a gap of 2 or more 0.48"
    )
    assert why(page, "bridge") == (
        "One score so far, ITS 5, and the judge expects 3.2: likely to be disputed. 1 score to come. "
        f"Chance of a gap of 2 or more {chance_of(samples['bridge'])}"
    )
    assert why(page, "tea") == (
        "No score yet; on TCC the judge expects 1.9: little speaks for a dispute. No image, so ICC, IQ and ITS are 0. "
        f"Chance of a gap of 2 or more {chance_of(samples['tea'])}"
    )
    assert why(page, "eclipse").startswith("Drawn at random. ICC 2 and 4: a range of 2.")
    assert "sample sourdough" not in page


def test_the_two_others_say_theirs(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, f"{PAGE}?queue=label_next")
    assert why(page, "lens") == (
        "The judge’s models are apart on ITS: they spread by 0.90 around 2.9. The first of its kind of content. "
        f"Chance of a gap of 2 or more {chance_of(samples['lens'], 'label_next')}"
    )
    assert "1 of the same kind of content comes before it." in why(page, "bridge")
    page = text_of(ada, f"{PAGE}?queue=audit")
    assert listed(page) == ["sourdough"]
    assert "ITS was agreed as 4, and the judge expects 1.2: 3.1 half widths of its interval away." in why(
        page, "sourdough"
    )
    assert "It holds 0.4 to 2.2 possible." in why(page, "sourdough")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            {"kind": "spread", "values": [2, 2, 4], "range": 2, "chance": 1.0},
            "ITS 2, 2 and 4: a range of 2, and 2 of 3 annotators agree.",
        ),
        (
            {"kind": "spread", "values": [2, 3, 3], "range": 1, "chance": 0.29, "expected": 4.4, "gap": 1.73},
            "ITS 2, 3 and 3: a range of 1, and 2 of 3 annotators agree. Judge expects 4.4; chance of a gap of 2 or",
        ),
        (
            {"kind": "spread", "values": [2, 3], "range": 1, "chance": 0.29, "expected": 4.4, "gap": 1.9},
            "ITS 2 and 3: a range of 1; the judge is far above, at 4.4.",
        ),
        (
            {"kind": "spread", "values": [4, 5], "range": 1, "chance": 0.29, "expected": 2.1, "gap": 2.4},
            "ITS 4 and 5: a range of 1; the judge is far below, at 2.1.",
        ),
        (
            {"kind": "agreeing", "values": [4, 4, 4], "range": 0, "chance": 0.06, "expected": 4.1, "gap": 0.1},
            "ITS 4, 4 and 4: nothing in dispute. Judge expects 4.1; chance of a gap of 2 or more 0.06",
        ),
        (
            {"kind": "agreeing", "values": [4, 4], "range": 0, "chance": 0.06, "expected": 1.1, "gap": 2.9},
            "ITS 4 and 4: they agree; the judge is far below, at 1.1.",
        ),
        ({"kind": "one_score", "values": [3], "range": 0, "chance": 0.31}, "One score so far, ITS 3."),
        (
            {"kind": "one_score", "values": [3], "range": 0, "chance": 0.31, "expected": 2.0},
            "One score so far, ITS 3, and the judge expects 2.0: it may be disputed.",
        ),
        (
            {"kind": "foreseen", "chance": 0.1, "expected": 2.0},
            "No score yet; on ITS the judge expects 2.0: little speaks for a dispute.",
        ),
        ({"kind": "nothing"}, "Nobody has scored it yet, and nothing else would move it up."),
        ({"kind": "random", "values": [4, 5], "range": 1}, "Drawn at random. ITS 4 and 5: a range of 1."),
    ],
)
def test_every_kind_of_reason_has_its_words(
    ada: Client, samples: dict[str, Sample], reason: dict[str, Any], said: str
) -> None:
    QueueEntry.objects.filter(pk=entry_of(samples["lens"]).pk).update(reason=reason)
    assert why(text_of(ada, PAGE), "lens").startswith(said)


def test_one_drawn_by_chance_may_be_wider_and_that_is_not_denied(ada: Client, samples: dict[str, Sample]) -> None:
    assert "the widest of those in order." in why(text_of(ada, PAGE), "heart")
    QueueEntry.objects.filter(pk=entry_of(samples["eclipse"]).pk).update(spread=5)
    assert "the widest of those in order." in why(text_of(ada, PAGE), "heart")
    QueueEntry.objects.filter(pk=entry_of(samples["bridge"]).pk).update(spread=4)
    assert "the widest" not in why(text_of(ada, PAGE), "heart")


def let_meet_the_judge(sample: Sample, who: str, arm: Arm, **values: float) -> None:
    """Replace a score's values by ones given in view of the judge."""
    score = Score.objects.get(sample=sample, member__user__username=who, round=1)
    Score.objects.filter(pk=score.pk).update(arm=arm)
    for key, value in values.items():
        level = Level.objects.get(dimension__rubric=sample.study.rubric, dimension__key=key, value=value)
        score.ratings.filter(dimension__key=key).update(level=level)
    rebuild_queues(sample.study)


def test_a_score_that_was_prefilled_is_told_apart_from_those_that_are_independent(
    ada: Client, samples: dict[str, Sample]
) -> None:
    let_meet_the_judge(samples["heart"], "ben", Arm.PREFILLED)
    assert why(text_of(ada, PAGE), "heart") == (
        "One independent score, ITS 1, beside 1 that was prefilled, and the judge expects 3.9: "
        "what differs was given in view of the judge."
    )
    let_meet_the_judge(samples["heart"], "ann", Arm.PREFILLED)
    assert why(text_of(ada, PAGE), "heart") == (
        "No independent score, only 2 that were prefilled; on TCC the judge expects 3.4: "
        "what differs was given in view of the judge."
    )
    let_meet_the_judge(samples["bridge"], "ann", Arm.PREFILLED)
    assert why(text_of(ada, PAGE), "bridge").startswith(
        "No independent score, only 1 that was prefilled; on TCC the judge expects 3.4: little speaks for a dispute. "
        "1 score to come."
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ({"kind": "nothing"}, "No independent score, only 1 that was prefilled, and nothing else would move it up."),
        (
            {"kind": "one_score", "values": [3], "range": 0},
            "One independent score, ITS 3, beside 1 that was prefilled. 1 score to come.",
        ),
        (
            {"kind": "agreeing", "values": [4, 4], "range": 0},
            "ITS 4 and 4: the independent values agree. 1 more score was prefilled.",
        ),
        (
            {"kind": "spread", "values": [2, 2, 4], "range": 2},
            "ITS 2, 2 and 4: a range of 2. 1 more score was prefilled.",
        ),
    ],
)
def test_every_kind_of_reason_counts_prefilled_scores_by_themselves(
    ada: Client, samples: dict[str, Sample], reason: dict[str, Any], said: str
) -> None:
    let_meet_the_judge(samples["bridge"], "ann", Arm.PREFILLED)
    QueueEntry.objects.filter(pk=entry_of(samples["bridge"]).pk).update(reason=reason)
    assert why(text_of(ada, PAGE), "bridge").startswith(said)


def test_where_locked_values_agree_and_the_kept_ones_differ_a_dispute_is_not_denied(
    ada: Client, samples: dict[str, Sample]
) -> None:
    heart = samples["heart"]
    let_meet_the_judge(heart, "ann", Arm.DELAYED, ITS=4)
    let_meet_the_judge(heart, "ben", Arm.DELAYED, ITS=4)
    assert "4 and 4: they agree; what differs was given in view of the judge." in why(text_of(ada, PAGE), "heart")
    # Before the queue has followed, they may differ by themselves already.
    level = Level.objects.get(dimension__rubric=heart.study.rubric, dimension__key="ITS", value=1)
    Rating.objects.filter(score__sample=heart, score__member__user__username="ann", dimension__key="ITS").update(
        level=level
    )
    assert "4 and 4: they agree; it is in discussion." in why(text_of(ada, PAGE), "heart")
    Discussion.objects.update(because="reopened")
    page = text_of(ada, PAGE)
    assert "4 and 4: they agree; an admin reopened it." in why(page, "heart")
    assert "nothing in dispute" not in why(page, "heart")
