"""Tests of the review queue's page: explanation of each entry and age."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Discussion, Exposure, Job, QueueEntry, ReviewQueue, Sample, Study
from annotation.review_queue import pin_dismiss
from annotation.review_queue.list import REFRESH
from tests.annotation.review_queue.queue_studies import rebuild_queues
from tests.factories import make_sample, make_user

from .disputes import client_of, place_of, text_of
from .queue_entries import PAGE, address, entry_of, line, listed, why, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


# --- what it says -------------------------------------------------------------------------------------------


def test_one_place_in_five_is_marked_as_random_and_the_tabs_count(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, PAGE)
    assert [words(tab) for tab in re.findall(r"<a href=[^>]+>((?:Disputed|Label next|Audit).*?)</a>", page)] == [
        "Disputed 6",
        "Label next 4",
        "Audit 1",
    ]
    assert "6 samples, 2 at random" in words(page)
    places = {
        name: words(line(page, name).split('<div class="queue-arm">')[1].split("</div>")[0]) for name in listed(page)
    }
    assert [places[name] for name in listed(page)] == ["in order"] * 4 + ["random"] * 2


def test_scores_and_the_judge_are_drawn_and_said(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, PAGE)
    heart = line(page, "heart")
    assert 'aria-label="ITS: scores 1 and 5; judge expects 3.9"' in heart
    assert re.findall(r'<circle cx="([\d.]+)" cy="12"', heart) == ["39.6", "158"]
    assert "translate(125.44 0)" in heart
    assert 'aria-label="TCC: judge expects 1.9"' in line(page, "tea")
    assert "text" in words(line(page, "tea")).split("Write")[0]
    assert "/api/pictures/" in heart


def test_a_discussion_that_is_overdue_says_so_and_is_where_the_question_leads(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    case = Discussion.objects.get(sample=samples["heart"])
    assert "overdue" not in text_of(ada, PAGE)
    Discussion.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1))
    QueueEntry.objects.update(entered_at=timezone.now() - timedelta(days=4))
    heart = line(text_of(ada, PAGE), "heart")
    assert f'href="/studies/birds/discussions/{case.public_id}/"' in heart
    assert "4 days" in words(heart)
    assert "overdue" in words(heart)
    assert f'href="/studies/birds/samples/{samples["tea"].public_id}/"' in line(text_of(ada, PAGE), "tea")


def test_what_came_true_is_told_beside_the_random_arm(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    assert "at random." not in words(text_of(ada, PAGE).split('class="page-lead"')[1].split("</p>")[0])
    now = timezone.now()
    for number in range(60):
        sample = make_sample(study, state="agreed", stage=0)
        QueueEntry.objects.create(
            study=study,
            sample=sample,
            kind="disputed",
            random=number % 2 == 0,
            draw=0.1 if number % 2 == 0 else 0.5,
            first=0,
            second=0,
            third=0,
            foreseen=(60 - number) / 60,
            entered_at=now,
            left_at=now,
            decided_at=now,
            disputed=number < 24,
        )
    page = text_of(ada, PAGE)
    lede = words(page.split('class="page-lead">')[1].split("</p>")[0])
    assert "Of the 60 that were decided so far, 12 of 30 in order were disputed and 12 of 30 at random." in lede
    assert "the first 20 % of the work in order holds 50 % of the disputes, 2.5 times its share" in words(page)
    assert "AUROC 1.00" in words(page)
    assert '<th scope="col" class="number-cell">20 %</th>' in page
    QueueEntry.objects.filter(decided_at__isnull=False, foreseen__lt=0.5).delete()
    page = words(text_of(ada, PAGE))
    assert "more of those drawn at random have to be decided before it can be said what the order is worth." in page


@pytest.mark.parametrize(
    ("kind", "random", "disputed", "said"),
    [
        ("disputed", False, True, "One was decided so far: 1 of 1 in order was disputed and 0 of 0 at random."),
        ("audit", True, False, "One was looked at so far: 0 of 0 in order was changed and 0 of 1 at random."),
    ],
)
def test_what_came_of_a_single_one_is_told_in_the_singular(
    study: Study, ada: Client, kind: str, random: bool, disputed: bool, said: str
) -> None:
    now = timezone.now()
    QueueEntry.objects.create(
        study=study,
        sample=make_sample(study, state="agreed", stage=0),
        kind=kind,
        random=random,
        draw=0.1 if random else 0.5,
        first=0,
        second=0,
        third=0,
        foreseen=0.5,
        entered_at=now,
        left_at=now,
        decided_at=now,
        disputed=disputed,
    )
    assert said in words(text_of(ada, f"{PAGE}?queue={kind}"))


# --- narrowing, pages, files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"dimension": "ICC"}, {"eclipse"}),
        ({"domain": "customs"}, {"tea"}),
        ({"spread": "3"}, {"heart"}),
        ({"scores": "1"}, {"bridge"}),
        ({"scores": "0"}, {"tea", "flower", "lens"}),
        ({"place": "random"}, {"eclipse", "flower"}),
        ({"place": "order", "domain": "anatomy"}, {"heart"}),
        ({"place": "nonsense", "spread": "x", "start": "-4"}, {"heart", "eclipse", "bridge", "tea", "flower", "lens"}),
    ],
)
def test_it_is_narrowed(ada: Client, samples: dict[str, Sample], query: dict[str, str], names: set[str]) -> None:
    page = text_of(ada, f"{PAGE}?{urlencode(query)}")
    assert set(listed(page)) == names


def test_nothing_like_that_leads_back(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, f"{PAGE}?queue=audit&spread=5")
    assert "No sample of this queue is like that." in page
    assert f'href="{PAGE}?queue=audit"' in page


def test_a_long_queue_comes_a_page_at_a_time(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    for number in range(40):
        make_sample(study, external_id=f"more-{number}")
    rebuild_queues(study)
    first = text_of(ada, PAGE)
    assert "1 to 25 of 46" in words(first)
    link = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert link is not None
    second = text_of(ada, link[1].replace("&amp;", "&"))
    assert "26 to 46 of 46" in words(second)
    assert not set(listed(first)) & set(listed(second))
    assert 'rel="prev"' in second
    # Every fifth is random as long as there are any.
    assert [words(part) for part in re.findall(r'<div class="queue-arm">(.*?)</div>', first, re.S)][4::5][:4] == [
        "random"
    ] * 4


def test_a_page_that_there_is_no_more_shows_the_last_one_that_there_is(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    for number in range(20):
        make_sample(study, external_id=f"more-{number}")
    rebuild_queues(study)
    second = f"{PAGE}?start=26"
    (last,) = listed(text_of(ada, second))
    entry = QueueEntry.objects.get(sample__external_id=last, kind="disputed")
    answer = ada.post(f"{PAGE}{entry.public_id}/dismiss/", {"reason": "A slip.", "back": second})
    page = text_of(ada, answer.headers["Location"])
    assert "Nothing is in dispute" not in page
    assert "1 to 25 of 25" in words(page)
    assert len(listed(page)) == 25
    assert "51 to" not in words(text_of(ada, f"{PAGE}?start=900"))
    assert listed(text_of(ada, f"{PAGE}?dismissed=1&start=26")) == [last]
    assert listed(text_of(ada, f"{PAGE}?domain=customs&start=26")) == ["tea"]


def test_where_all_were_dismissed_the_page_says_so_and_leads_to_them(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    QueueEntry.objects.exclude(sample__in=(samples["tea"], samples["lens"])).delete()
    for name in ("tea", "lens"):
        pin_dismiss.dismiss_sample(by=make_user("ada"), entry_id=entry_of(samples[name]).public_id, reason="Seen.")
    page = text_of(ada, PAGE)
    assert "All that are left in this queue were dismissed. Show the 2 that were" in words(page)
    assert f'href="{PAGE}?dismissed=1"' in page
    assert "Nothing is in dispute" not in page
    pin_dismiss.restore_sample(by=make_user("ada"), entry_id=entry_of(samples["tea"]).public_id)
    QueueEntry.objects.filter(sample=samples["tea"]).delete()
    assert "Show the one that was" in words(text_of(ada, PAGE))


def test_the_whole_queue_is_taken_away_as_csv(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    for number in range(30):
        make_sample(study, external_id=f"=more-{number}")
    rebuild_queues(study)
    answer = ada.get(f"{PAGE}csv/?queue=disputed")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="birds-queue-disputed.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["place"] for row in rows] == [str(number) for number in range(1, 37)]
    heart = next(row for row in rows if row["sample"] == "heart")
    assert (heart["why"], heart["dimension"], heart["values"], heart["range"]) == ("spread", "ITS", "1 5", "4.0")
    assert heart["expected"] == "3.9"
    assert all(row["sample"].startswith("'=more") for row in rows if "more" in row["sample"])
    narrowed = ada.get(f"{PAGE}csv/?queue=disputed&domain=customs").content.decode()
    assert [row["sample"] for row in csv.DictReader(io.StringIO(narrowed))] == ["tea"]


def test_it_costs_as_many_queries_however_much_is_in_it(
    study: Study, ada: Client, samples: dict[str, Sample], django_assert_max_num_queries
) -> None:
    ada.get(PAGE)
    for number in range(30):
        make_sample(study, pictures=["red"], external_id=f"more-{number}", domain="x")
    rebuild_queues(study)
    ada.get(PAGE)
    with django_assert_max_num_queries(34):
        ada.get(PAGE)


# --- who may --------------------------------------------------------------------------------------------------


def test_whoever_looks_never_scores_them_independently(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    Exposure.objects.all().delete()
    ada.get(PAGE)
    seen = set(Exposure.objects.filter(member=place_of(study, "ada")).values_list("sample__external_id", flat=True))
    assert seen == {"heart", "eclipse", "bridge", "tea", "flower", "lens"}


def test_researchers_read_it_without_actions_and_without_names(study: Study, samples: dict[str, Sample]) -> None:
    pin_dismiss.dismiss_sample(by=make_user("ada"), entry_id=entry_of(samples["tea"]).public_id, reason="Seen.")
    ravi = client_of("ravi")
    page = text_of(ravi, PAGE)
    assert why(page, "heart").startswith("ITS 1 and 5")
    for word in ("Pin: put it first", "Assign to people", "Refresh</button>", "Ada Admin", "Ann Alder", "Ben Bright"):
        assert word not in page
    gone = text_of(ravi, f"{PAGE}?dismissed=1")
    assert "by an admin" in words(line(gone, "tea"))
    assert "Seen." in line(gone, "tea")
    assert "Put back" not in gone
    assert 'href="/studies/birds/queue/"' in text_of(ravi, "/studies/birds/samples/")
    assert ravi.get(address(samples["heart"])).status_code == 403
    assert ravi.post(address(samples["heart"], "pin/")).status_code == 403


def test_annotators_and_strangers_do_not_find_it(study: Study, samples: dict[str, Sample]) -> None:
    assert client_of("ann").get(PAGE).status_code == 403
    make_user("sam")
    assert client_of("sam").get(PAGE).status_code == 404
    assert client_of("ann").get(f"{PAGE}csv/").status_code == 403
    assert "Review queue" not in text_of(client_of("ann"), "/studies/birds/mine/")


# --- how old it is, and before there is one -----------------------------------------------------------------------


def test_ada_has_it_made_anew_and_sees_how_far_that_is(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    assert "Made 1 min ago, with judge run 1" in words(text_of(ada, PAGE))
    answer = ada.post(f"{PAGE}refresh/", {"back": f"{PAGE}?queue=audit"})
    assert answer.headers["Location"] == f"{PAGE}?queue=audit"
    job = Job.objects.get(kind=REFRESH)
    page = text_of(ada, PAGE)
    assert "Making it anew: waiting for a worker." in words(page)
    assert 'hx-get="/studies/birds/queue/age/"' in page
    Job.objects.update(state="running", done=3, total=6, activity="Placing")
    part = text_of(ada, f"{PAGE}age/")
    assert "Making it anew, 3 of 6: Placing." in words(part)
    assert f"/studies/birds/jobs/{job.public_id}/" in part
    Job.objects.update(state="done", finished_at=timezone.now())
    part = text_of(ada, f"{PAGE}age/")
    # The page that asked fetches itself anew.
    assert 'hx-trigger="load" hx-select="#main"' in part
    assert "Refresh" in part


def test_a_refresh_that_failed_is_told_until_one_succeeds(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    ada.post(f"{PAGE}refresh/")
    Job.objects.update(state="failed", finished_at=timezone.now(), error="The disk is full.")
    for address_of_it in (PAGE, f"{PAGE}?queue=audit", f"{PAGE}age/"):
        page = text_of(ada, address_of_it)
        assert "The last refresh failed: The disk is full." in words(page)
        assert f"/studies/birds/jobs/{Job.objects.get().public_id}/" in page
    # What stood there before stands there still.
    assert 'hx-trigger="load"' not in text_of(ada, f"{PAGE}age/")
    assert "The last refresh failed: The disk is full." in words(text_of(client_of("ravi"), PAGE))
    rebuild_queues(study)
    assert "The last refresh failed" not in text_of(ada, PAGE)
    ReviewQueue.objects.update(refreshed_at=timezone.now() - timedelta(hours=1))
    ada.post(f"{PAGE}refresh/")
    page = text_of(ada, PAGE)
    assert "The last refresh failed" not in page
    assert "waiting for a worker" in page


def test_where_no_refresh_ever_succeeded_the_failed_one_is_told(study: Study, ada: Client) -> None:
    ada.post(f"{PAGE}refresh/")
    Job.objects.update(state="failed", finished_at=timezone.now(), error="The disk is full.")
    assert "The last refresh failed: The disk is full." in words(text_of(ada, PAGE))


def test_before_there_is_a_queue_the_page_says_what_to_do(study: Study, ada: Client) -> None:
    page = text_of(ada, PAGE)
    assert "It has not been made yet." in page
    assert "Make it now" in page
    assert "Make it now" not in text_of(client_of("ravi"), PAGE)


def test_without_a_judge_it_says_what_that_lacks(study: Study, ada: Client) -> None:
    make_sample(study, pictures=["red"])
    rebuild_queues(study)
    page = text_of(ada, PAGE)
    assert "No judge is active, so the order rests on people’s scores alone." in words(page)
    assert 'href="/studies/birds/judges/"' in page
    assert "This queue needs a judge." in words(text_of(ada, f"{PAGE}?queue=audit"))


def test_where_nothing_waits_it_says_so(study: Study, ada: Client) -> None:
    rebuild_queues(study)
    assert "Nothing is in dispute and nothing waits" in text_of(ada, PAGE)
