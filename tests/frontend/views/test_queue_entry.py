"""Tests of the actions on a queue entry: pin, dismiss, assign, review, reopen."""

import pytest
from django.test import Client

from annotation.models import Assignment, Sample, Study
from tests.factories import make_member, make_user

from .disputes import client_of, make_people, place_of, state_of, text_of
from .queue_entries import PAGE, address, entry_of, line, listed, make_queue, why, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


def test_ada_pins_one_and_takes_that_back(ada: Client, samples: dict[str, Sample]) -> None:
    row = f"e-{entry_of(samples['lens']).public_id}"
    # From a later page it leads to the first, where the pinned stand, and there to the row.
    answer = ada.post(address(samples["lens"], "pin/"), {"back": f"{PAGE}?place=order&start=26#e-222222222222"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{PAGE}?place=order#{row}")
    page = text_of(ada, PAGE)
    assert listed(page)[0] == "lens"
    assert f'id="{row}"' in line(page, "lens")
    assert f'action="{address(samples["lens"], "pin/")}"' in line(page, "lens")
    assert "pinned" in words(line(page, "lens"))
    assert "the widest" not in why(page, "heart")
    assert ada.post(address(samples["lens"], "pin/"), {"off": "1"}).headers["Location"] == f"{PAGE}#{row}"
    assert listed(text_of(ada, PAGE))[0] == "heart"


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/studies/other/queue/", "javascript:x"])
def test_a_form_leads_back_to_this_queue_only(ada: Client, samples: dict[str, Sample], back: str) -> None:
    led = ada.post(address(samples["lens"], "pin/"), {"back": back}).headers["Location"]
    assert led == f"{PAGE}#e-{entry_of(samples['lens']).public_id}"
    refused = ada.post(address(samples["heart"], "dismiss/"), {"back": back, "reason": ""})
    assert back not in refused.content.decode()


def test_ada_dismisses_one_with_a_reason_finds_it_again_and_puts_it_back(
    ada: Client, samples: dict[str, Sample]
) -> None:
    refused = ada.post(address(samples["tea"], "dismiss/"), {"reason": " "})
    assert refused.status_code == 400
    assert "Say why" in refused.content.decode()
    assert ada.post(address(samples["tea"], "dismiss/"), {"reason": "A duplicate."}).status_code == 302
    page = text_of(ada, PAGE)
    assert "tea" not in listed(page)
    assert "1 dismissed" in words(page)
    gone = text_of(ada, f"{PAGE}?dismissed=1")
    assert listed(gone) == ["tea"]
    assert "A duplicate." in gone
    assert "by Ada Admin" in words(line(gone, "tea"))
    assert f'action="{address(samples["tea"], "restore/")}"' in line(gone, "tea")
    assert f'action="{address(samples["tea"], "restore/")}"' in text_of(ada, address(samples["tea"]))
    assert ada.post(address(samples["tea"], "dismiss/"), {"reason": "Another."}).status_code == 409
    assert ada.post(address(samples["tea"], "restore/")).status_code == 302
    assert "tea" in listed(text_of(ada, PAGE))
    assert "Nothing is dismissed." in text_of(ada, f"{PAGE}?dismissed=1")


def test_ada_assigns_one_to_people(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    form = text_of(ada, f"{address(samples['lens'])}?do=assign")
    assert "Ben Bright" in form
    ben = place_of(study, "ben").public_id
    refused = ada.post(address(samples["lens"], "assign/"), {"days": "3"})
    assert refused.status_code == 400
    assert "Choose at least one." in refused.content.decode()
    assert ada.post(address(samples["lens"], "assign/"), {"members": [ben], "days": "3"}).status_code == 302
    held = Assignment.objects.get(sample=samples["lens"])
    assert (held.member.user.username, held.assigned) == ("ben", True)
    cho = place_of(study, "cho").public_id
    ann = place_of(study, "ann").public_id
    full = ada.post(address(samples["lens"], "assign/"), {"members": [ann, cho], "days": "3"})
    assert full.status_code == 409
    assert "It takes 1 more scores, and 2 people were named" in full.content.decode()


def test_ada_sends_an_audited_one_to_cross_review_or_reopens_it(
    study: Study, ada: Client, samples: dict[str, Sample]
) -> None:
    sourdough = samples["sourdough"]
    page = text_of(ada, f"{PAGE}?queue=audit")
    assert "Send to cross-review" in line(page, "sourdough")
    assert "Reopen" in line(page, "sourdough")
    assert "Assign to people" not in line(page, "sourdough")
    assert ada.post(address(sourdough, "review/", "audit"), {"reason": "Far off."}).status_code == 302
    assert state_of(sourdough) == "in_review"
    again = ada.post(address(sourdough, "review/", "audit"), {"reason": "Far off."})
    assert again.status_code == 409
    assert "waits for a further score already" in again.content.decode()


def test_ada_reopens_an_audited_one(ada: Client, samples: dict[str, Sample]) -> None:
    sourdough = samples["sourdough"]
    sent = {"reason": "Far off.", "dimensions": ["ITS"]}
    assert ada.post(address(sourdough, "reopen/", "audit"), sent).status_code == 302
    assert state_of(sourdough) == "in_discussion"


def test_what_cannot_be_done_is_not_offered_or_says_why(study: Study, ada: Client, samples: dict[str, Sample]) -> None:
    place_of(study, "cho").delete()
    page = text_of(ada, f"{address(samples['sourdough'], kind='audit')}?do=review")
    assert "Invite somebody first" in page
    assert 'action="/studies/birds/queue/' in page
    in_part = ada.get(f"{address(samples['sourdough'], kind='audit')}?do=review", headers={"HX-Request": "true"})
    assert "<html" not in in_part.content.decode()
    assert "Invite somebody first" in in_part.content.decode()


def test_an_entry_of_another_study_is_not_found(ada: Client, samples: dict[str, Sample]) -> None:
    other = make_people("fishes")
    found = make_queue(other)
    make_member(other, make_user("eve"), "admin")
    study_of_other = entry_of(found["heart"]).public_id
    assert ada.get(f"{PAGE}{study_of_other}/").status_code == 404
    assert client_of("eve").post(address(samples["heart"], "pin/")).status_code == 404
