"""Tests that no page leaks what an annotator must not learn.

Neither in the text, nor in the markup, nor in a header.
"""

import re
import uuid

import pytest
from django.http import HttpResponse
from django.urls import reverse

from annotation.discussions import participating
from annotation.models import JudgeRun, Member, Picture, Question, SampleContent
from annotation.scoring import leasing, submitting
from tests.access_world import FORBIDDEN, World, make_world, words_of_judges
from tests.judge_run_rows import make_judge_run
from tests.leak_search import leaked

pytestmark = pytest.mark.django_db


def reachable(world: World, who: str) -> dict[str, HttpResponse]:
    """Return every page that a person comes to by following links from the front page."""
    client = world.client(who)
    seen: dict[str, HttpResponse] = {}
    ahead = ["/", f"/studies/{world.study.slug}/", "/account/", f"/join/{world.secret}/"]
    while ahead:
        address = ahead.pop()
        if address in seen:
            continue
        seen[address] = answer = client.get(address)
        if answer.status_code == 302:
            ahead.append(answer.headers["Location"])
        elif "text/html" in answer.headers["Content-Type"]:
            found = re.findall(r'(?:href|src|action|hx-get)="(/[^"#]*|\?[^"#]*)"', answer.content.decode())
            links = [link if link.startswith("/") else address.split("?")[0] + link for link in found]
            ahead += [link.replace("&amp;", "&") for link in links if not link.startswith("/static/")]
    return seen


def text_of(answer: HttpResponse) -> str:
    """Return all that goes over the wire, as text; pictures come as bytes."""
    body = b"".join(answer) if answer.streaming else answer.content
    return repr(dict(answer.headers)) + repr(answer.cookies) + body.decode(errors="replace")


def test_no_page_that_an_annotator_reaches_says_where_samples_come_from_or_what_others_do() -> None:
    world = make_world()
    pages = reachable(world, "ann")
    for name in ("home", "account"):
        assert reverse(name) in pages
    for name in ("score", "mine", "rubric", "discuss"):
        assert reverse(name, args=[world.study.slug]) in pages
    assert any("/mine/" in address and address.count("/") > 4 for address in pages)
    assert any("/api/pictures/" in address for address in pages)
    secrets = [*FORBIDDEN, *Picture.objects.values_list("sha256", flat=True)]
    secrets += [
        *SampleContent.objects.values_list("digest", flat=True),
        *Question.objects.values_list("key", flat=True),
        *words_of_judges(),
    ]
    for address, answer in pages.items():
        text = text_of(answer)
        assert not leaked(secrets, f"{address} {text}"), address


def test_an_annotators_pages_are_the_same_whether_or_not_others_have_scored() -> None:
    world = make_world()
    before = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    for who in ("ben", "cleo"):
        user = world.members[who].user
        assert user is not None
        for work in leasing.lease_samples(by=user, slug=world.study.slug, count=3).assignments:
            submitting.submit_score(
                by=user,
                assignment_id=work.public_id,
                client_key=uuid.uuid4(),
                ratings={"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1},
                notes={},
                seconds=9,
            )
    after = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    # Undoing ends when a sample is decided; until then not even that button may change.
    assert after.keys() == before.keys()
    for address, page in before.items():
        assert after[address] == page, address


def test_an_annotators_pages_are_the_same_whether_or_not_a_judge_has_predicted_the_samples() -> None:
    world = make_world()
    JudgeRun.objects.all().delete()
    before = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    for name in ("score", "mine", "discuss"):
        assert reverse(name, args=[world.study.slug]) in before
    make_judge_run(world.study, release=world.release, active=True)
    make_judge_run(world.study, turned=3)
    after = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    assert after == before


def test_an_annotators_pages_are_the_same_whatever_is_said_in_a_discussion_before_the_own_reason() -> None:
    world = make_world()
    before = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    assert reverse("discuss", args=[world.study.slug]) in before
    assert any(world.case.public_id in page for page in before.values())
    ben, cleo = (world.members[who].user for who in ("ben", "cleo"))
    assert ben is not None
    assert cleo is not None
    for number in range(3):
        say = {"discussion_id": world.case.public_id, "client_key": uuid.uuid4()}
        participating.post_comment(by=ben, dimension="IQ", text=f"bens-comment-{number}", **say)
    participating.take_stances(
        by=cleo,
        discussion_id=world.case.public_id,
        client_key=uuid.uuid4(),
        stances={"IQ": 4, "ITS": 5},
        reasons={key: participating.StanceReason(code="convinced") for key in ("IQ", "ITS")},
    )
    after = {address: _plain(answer) for address, answer in reachable(world, "ann").items()}
    assert after == before


def test_after_the_own_reason_the_others_words_are_shown_and_no_name_of_theirs() -> None:
    world = make_world()
    ann = world.members["ann"].user
    assert ann is not None
    reasons = {key: participating.StanceReason(text="anns-reason") for key in ("IQ", "ITS")}
    say = {"discussion_id": world.case.public_id, "client_key": uuid.uuid4()}
    participating.give_reasons(by=ann, reasons=reasons, **say)
    address = reverse("api:discussion", args=[world.case.public_id])
    case = text_of(world.client("ann").get(address))
    for word in ("anns-reason", "bens-reason", "cleos-comment"):
        assert word in case
    shown = ("bens-reason", "cleos-comment")
    for page, answer in {**reachable(world, "ann"), address: world.client("ann").get(address)}.items():
        text = text_of(answer)
        assert not leaked(set(FORBIDDEN).difference(shown), text), page
        for member in Member.objects.exclude(user=ann):
            assert member.public_id not in text, page


def test_a_researcher_reads_scores_and_notes_but_meets_no_name() -> None:
    world = make_world()
    pages = reachable(world, "rae")
    texts = {address: text_of(answer) for address, answer in pages.items()}
    assert any("bens-note" in text for text in texts.values())
    for address, text in texts.items():
        for name in ("Ben Bright", "Cleo Calm", "Ann Alder", "Ada Admin"):
            assert name not in text, address


def test_the_walk_would_find_a_leak() -> None:
    """The admin may see all that and does, so the search works."""
    world = make_world()
    text = "".join(text_of(answer) for address, answer in reachable(world, "ada").items() if "/export/" not in address)
    judge = f"/api/judge-runs/{world.run.public_id}"
    for address in (f"/api/studies/{world.study.slug}/judge-runs/", f"{judge}/", f"{judge}/pairs/"):
        text += text_of(world.client("ada").get(address))
    # The table of a judge has what it expects of each sample, to four digits.
    assert leaked((word for word in words_of_judges() if word[1] == "."), text)
    assert set(FORBIDDEN) - set(leaked(FORBIDDEN, text)) == {"source-name-of-"}


def _plain(answer: HttpResponse) -> str:
    """Return a response without what differs between any two requests.

    Tokens, their expiry, the order of a policy.
    """
    text = text_of(answer).replace(answer.headers["Content-Security-Policy"], "")
    return re.sub(r"""(csrfmiddlewaretoken" value=|csrftoken=)["']?\w+|expires=[^;]+|'Expires': '[^']+'""", "", text)
