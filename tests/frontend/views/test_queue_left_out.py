"""Tests that the queue withholds samples from those who owe a reason."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import Discussion, QueueEntry, Sample, Study
from annotation.review_queue import pin_dismiss
from annotation.review_queue.storage import recount_entries
from tests.annotation.review_queue.queue_studies import rebuild_queues
from tests.factories import make_discussion, make_user

from .disputes import client_of, give_reason, text_of
from .queue_entries import PAGE, address, entry_of, listed, why, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


def test_who_owes_a_reason_is_told_so_and_finds_the_sample_in_no_list(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    study.members.filter(user__username="ann").update(role="admin")
    ann = client_of("ann")
    lists = ("", "?dimension=ITS&spread=4", "?spread=3", "?domain=anatomy")
    for query in lists:
        page = text_of(ann, f"{PAGE}{query}")
        assert "heart" not in listed(page)
        # Of the eclipse, too, she has not said why.
        assert (
            "2 samples are left out: you take part in their discussions, and they wait for your own reasons first. "
            "To the discussions" in words(page)
        ), query
        assert "heart" in listed(text_of(ada, f"{PAGE}{query}"))
    assert 'href="/studies/birds/discuss/"' in text_of(ann, PAGE)
    assert "Disputed 4" in words(text_of(ann, PAGE))
    assert "4 samples, 1 at random" in words(text_of(ann, PAGE))
    assert "left out" not in text_of(ada, PAGE)
    table = list(csv.DictReader(io.StringIO(text_of(ann, f"{PAGE}csv/"))))
    assert {row["sample"] for row in table} == {"bridge", "tea", "flower", "lens"}
    give_reason(Discussion.objects.get(sample=samples["heart"]), "ann", "They match.")
    page = text_of(ann, PAGE)
    assert why(page, "heart").startswith("ITS 1 and 5: a range of 4.")
    assert "1 sample is left out: you take part in its discussion" in words(page)


def test_who_owes_a_reason_neither_finds_the_sample_among_those_dismissed(
    study: Study, samples: dict[str, Sample]
) -> None:
    for name in ("heart", "tea"):
        pin_dismiss.dismiss_sample(by=make_user("ada"), entry_id=entry_of(samples[name]).public_id, reason="Seen.")
    study.members.filter(user__username="ann").update(role="admin")
    page = text_of(client_of("ann"), f"{PAGE}?dismissed=1")
    assert listed(page) == ["tea"]
    assert "1 sample is left out" in words(page)
    assert "1 dismissed" in words(text_of(client_of("ann"), PAGE))


def test_an_entry_that_is_asked_for_by_its_address_keeps_what_is_withheld(
    study: Study, samples: dict[str, Sample]
) -> None:
    study.members.filter(user__username="ann").update(role="admin")
    page = text_of(client_of("ann"), address(samples["heart"]))
    assert "You take part in its discussion: your reasons come first." in words(page)
    assert '<svg width="168"' not in page
    assert "ITS" not in words(page)
    case = Discussion.objects.get(sample=samples["heart"])
    assert f'href="/studies/birds/discuss/{case.public_id}/"' in page


def test_where_all_others_are_left_out_nobody_says_that_all_is_agreed(study: Study, samples: dict[str, Sample]) -> None:
    study.members.filter(user__username="ann").update(role="admin")
    QueueEntry.objects.exclude(sample__in=(samples["heart"], samples["eclipse"])).delete()
    recount_entries(study)
    page = words(text_of(client_of("ann"), PAGE))
    assert "Nothing else is in this queue." in page
    assert "Nothing is in dispute" not in page


def test_it_costs_as_many_queries_however_many_samples_are_left_out(study: Study, samples: dict[str, Sample]) -> None:
    study.members.filter(user__username="ann").update(role="admin")
    ann = client_of("ann")

    def queries(left_out: int) -> int:
        assert f"{left_out} samples are left out" in words(text_of(ann, PAGE))
        with CaptureQueriesContext(connection) as taken:
            text_of(ann, PAGE)
        return len(taken)

    few = queries(2)
    for _ in range(8):
        make_discussion(study, {"ann": {"ITS": 1}, "ben": {"ITS": 4}})
    rebuild_queues(study)
    assert queries(10) == few
