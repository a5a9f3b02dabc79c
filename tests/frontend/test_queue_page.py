"""The review queue as admins and researchers see it: why each sample is there, and how old that is."""

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Discussion, Exposure, Job, QueueEntry, Sample, Study
from annotation.queue_list import REFRESH
from annotation.services.queueing import acting
from tests.annotation.queueing import refreshed
from tests.factories import make_member, make_sample, make_user

from .disputes import client_of, place_of, text_of
from .queueing import PAGE, address, entry_of, line, listed, why, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


# --- what it says -------------------------------------------------------------------------------------------


def chance_of(sample: Sample, kind: str = "disputed") -> str:
    return f"{entry_of(sample, kind).reason['chance']:.2f}"


def test_each_entry_says_in_words_and_figures_why_it_is_there(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, PAGE)
    # What the judge held of it before it came true: twice .4 times .6.
    assert why(page, "heart") == (
        "ITS 1 and 5: a range of 4, the widest now open. TCC, ICC and IQ agree. "
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


def test_one_place_in_five_is_marked_as_random_and_the_tabs_count(ada: Client, samples: dict[str, Sample]) -> None:
    page = text_of(ada, PAGE)
    assert [words(tab) for tab in re.findall(r"<a href=[^>]+>((?:Disputed|Label next|Audit).*?)</a>", page)] == [
        "Disputed 6",
        "Label next 4",
        "Audit 1",
    ]
    assert "6 samples, 2 at random" in words(page)
    places = {name: words(line(page, name).split('<div class="arm">')[1].split("</div>")[0]) for name in listed(page)}
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


def test_who_owes_a_reason_reads_neither_values_nor_why(study: Study, samples: dict[str, Sample]) -> None:
    place_of(study, "ann")
    make_member(study, "ida", "admin")
    study.members.filter(user__username="ann").update(role="admin")
    page = text_of(client_of("ann"), PAGE)
    heart = line(page, "heart")
    assert "You take part in its discussion: your reasons come first." in words(heart)
    assert '<svg width="168"' not in heart
    assert "ITS" not in words(heart)
    case = Discussion.objects.get(sample=samples["heart"])
    assert f'href="/studies/birds/discuss/{case.public_id}/"' in heart
    table = text_of(client_of("ann"), f"{PAGE}csv/")
    (row,) = [row for row in csv.DictReader(io.StringIO(table)) if row["sample"] == "heart"]
    assert (row["why"], row["values"], row["range"]) == ("", "", "")


def test_what_came_true_is_told_beside_the_random_arm(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    assert "at random." not in words(text_of(ada, PAGE).split('class="lede"')[1].split("</p>")[0])
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
    lede = words(page.split('class="lede">')[1].split("</p>")[0])
    assert "Of the 60 that were decided so far, 12 of 30 in order were disputed and 12 of 30 at random." in lede
    assert "the first 20 % of the work in order holds 50 % of the disputes, 2.5 times its share" in words(page)
    assert "AUROC 1.00" in words(page)
    assert '<th scope="col" class="num">20 %</th>' in page
    QueueEntry.objects.filter(decided_at__isnull=False, foreseen__lt=0.5).delete()
    page = words(text_of(ada, PAGE))
    assert "more of those drawn at random have to be decided before it can be said what the order is worth." in page


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
    refreshed(study)
    first = text_of(ada, PAGE)
    assert "1 to 25 of 46" in words(first)
    link = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert link is not None
    second = text_of(ada, link[1].replace("&amp;", "&"))
    assert "26 to 46 of 46" in words(second)
    assert not set(listed(first)) & set(listed(second))
    assert 'rel="prev"' in second
    # Every fifth is random as long as there are any.
    assert [words(part) for part in re.findall(r'<div class="arm">(.*?)</div>', first, re.S)][4::5][:4] == [
        "random"
    ] * 4


def test_the_whole_queue_is_taken_away_as_csv(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    for number in range(30):
        make_sample(study, external_id=f"=more-{number}")
    refreshed(study)
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
    refreshed(study)
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
    acting.dismiss(by=make_user("ada"), entry_id=entry_of(samples["tea"]).public_id, reason="Seen.")
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


def test_before_there_is_a_queue_the_page_says_what_to_do(study: Study, ada: Client) -> None:
    page = text_of(ada, PAGE)
    assert "It has not been made yet." in page
    assert "Make it now" in page
    assert "Make it now" not in text_of(client_of("ravi"), PAGE)


def test_without_a_judge_it_says_what_that_lacks(study: Study, ada: Client) -> None:
    make_sample(study, pictures=["red"])
    refreshed(study)
    page = text_of(ada, PAGE)
    assert "No judge is active, so the order rests on people’s scores alone." in words(page)
    assert 'href="/studies/birds/judges/"' in page
    assert "This queue needs a judge." in words(text_of(ada, f"{PAGE}?queue=audit"))


def test_where_nothing_waits_it_says_so(study: Study, ada: Client) -> None:
    refreshed(study)
    assert "Nothing is in dispute and nothing waits" in text_of(ada, PAGE)
