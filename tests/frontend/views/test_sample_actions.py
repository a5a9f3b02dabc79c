"""Tests of an admin's actions on one sample: reopen, withdraw, review, assign."""

import re
from typing import Any

import pytest
from django.test import Client

from annotation.models import Discussion, FinalScore, Sample, Study
from annotation.samples import reopening as services
from tests.annotation.scoring.score_rows import finals
from tests.factories import make_member, make_sample, make_user

from .disputes import client_of, dispute, give_reason, place_of, state_of, text_of
from .sample_pages import address, agree

pytestmark = pytest.mark.django_db


# Reopening and withdrawing


def test_ada_reopens_what_was_agreed_on_the_dimensions_that_she_names(study: Study, ada: Client) -> None:
    sample = agree(study)
    page = text_of(ada, address(sample))
    assert "discuss the chosen dimensions again" in page
    answer = ada.post(address(sample, "reopen/"), {"dimensions": ["ITS", "IQ"], "reason": "Read again, please."})
    assert answer.status_code == 302
    assert state_of(sample) == "in_discussion"
    case = Discussion.objects.get(sample=sample)
    assert {topic.dimension.key for topic in case.topics.all()} == {"IQ", "ITS"}
    assert set(finals(sample)) == {"TCC", "ICC"}
    page = text_of(ada, address(sample))
    assert "Reopened: it is discussed again." in page
    assert "Read again, please." in page
    assert "an admin reopened it" in page
    assert ada.post(address(sample, "reopen/"), {"dimensions": ["ITS"], "reason": "Again."}).status_code == 409


def test_a_sample_that_too_few_can_discuss_goes_back_to_be_scored(study: Study, ada: Client) -> None:
    sample = agree(study)
    study.members.filter(user__username="ben").update(state="left")
    page = text_of(ada, address(sample))
    assert "it gets at least one more score" in page
    assert 'name="dimensions"' not in page
    assert ada.post(address(sample, "reopen/"), {"reason": "One is gone."}).status_code == 302
    assert state_of(sample) == "scoring"
    assert "Reopened: it goes back to be scored." in text_of(ada, address(sample))


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"dimensions": ["ITS"], "reason": ""}, "reason"),
        ({"reason": "Again."}, "dimensions"),
        ({"dimensions": ["XYZ"], "reason": "Again."}, "dimensions"),
    ],
)
def test_a_reopening_that_makes_no_sense_is_refused_beside_its_field(
    study: Study, ada: Client, sent: dict[str, Any], wrong: str
) -> None:
    sample = agree(study)
    answer = ada.post(address(sample, "reopen/"), sent)
    assert answer.status_code == 400
    assert re.findall(r'class="field-error" id="reopen_(\w+)_error"', answer.content.decode()) == [wrong]
    assert state_of(sample) == "agreed"


def test_ada_withdraws_a_disputed_sample_and_brings_it_back(study: Study, ada: Client) -> None:
    case = dispute(study)
    sample = case.sample
    refused = ada.post(address(sample, "withdraw/"), {"reason": " "})
    assert refused.status_code == 400
    assert 'id="withdraw_reason_error"' in refused.content.decode()
    assert ada.post(address(sample, "withdraw/"), {"reason": "The picture is broken."}).status_code == 302
    assert state_of(sample) == "withdrawn"
    case.refresh_from_db()
    assert case.state == "closed"
    page = text_of(ada, address(sample))
    assert "The picture is broken." in page
    assert f'action="{address(sample, "withdraw/")}"' not in page
    assert "the missing ones are asked for" in page
    assert ada.post(address(sample, "reopen/"), {"reason": "Repaired."}).status_code == 302
    assert state_of(sample) in ("scoring", "in_discussion")


def test_what_a_rule_decides_is_not_reopened(study: Study, ada: Client) -> None:
    sample = make_sample(study, None, external_id="nothing")
    Sample.objects.filter(pk=sample.pk).update(state="agreed", stage=0)
    assert f'action="{address(sample, "reopen/")}"' not in text_of(ada, address(sample))
    answer = ada.post(address(sample, "reopen/"), {"reason": "But why."})
    assert answer.status_code == 409
    assert not FinalScore.objects.filter(sample=sample).exists()


def test_what_a_rule_decides_is_withdrawn_and_brought_back_with_its_values(study: Study, ada: Client) -> None:
    sample = make_sample(study, None, external_id="nothing", state="agreed", stage=0)
    for dimension in study.rubric.dimensions.all():
        level = dimension.levels.get(value=0)
        FinalScore.objects.create(sample=sample, dimension=dimension, level=level, outcome="by_rule")
    assert ada.post(address(sample, "withdraw/"), {"reason": "Doubtful."}).status_code == 302
    page = text_of(ada, address(sample))
    assert f'action="{address(sample, "reopen/")}"' in page
    assert "It comes back agreed, with the values that follow from a rule" in page
    assert not finals(sample)
    assert ada.post(address(sample, "reopen/"), {"reason": "No doubt left."}).status_code == 302
    page = text_of(ada, address(sample))
    assert "Brought back: its values follow from a rule again." in page
    assert "brought it back, with the values that follow from a rule" in page
    assert "No doubt left." in page
    assert state_of(sample) == "agreed"
    assert set(finals(sample).values()) == {(0, "by_rule")}


def test_the_page_says_beforehand_what_reopening_does(study: Study, ada: Client) -> None:
    sample = agree(study)
    sample.refresh_from_db()
    assert [one.key for one in services.dimensions_to_discuss(sample)] == ["TCC", "ICC", "IQ", "ITS"]
    services.reopen_sample(by=make_user("ada"), sample_id=sample.public_id, reason="Again.")
    assert state_of(sample) == "in_discussion"
    case = Discussion.objects.get(sample=sample)
    for who in ("ann", "ben"):
        for key in ("TCC", "ICC", "IQ", "ITS"):
            give_reason(case, who, "As before.", on=key)
    assert state_of(sample) == "agreed"


# Sending to cross-review and assigning


def test_ada_sends_an_agreed_sample_to_somebody_new(study: Study, ada: Client) -> None:
    sample = agree(study)
    place_of(study, "cho").delete()
    # Nobody is left who could take it, so it is not offered, and refused with the remedy where it is asked for.
    assert f'action="{address(sample, "review/")}"' not in text_of(ada, address(sample))
    refused = ada.post(address(sample, "review/"), {"reason": "Too good."})
    assert (refused.status_code, "Invite somebody first" in refused.content.decode()) == (409, True)
    make_member(study, "dan")
    assert f'action="{address(sample, "review/")}"' in text_of(ada, address(sample))
    unsaid = ada.post(address(sample, "review/"), {"reason": " "})
    assert (unsaid.status_code, 'id="review_reason_error"' in unsaid.content.decode()) == (400, True)
    assert ada.post(address(sample, "review/"), {"reason": "Too good to be true."}).status_code == 302
    assert state_of(sample) == "in_review"
    page = text_of(ada, address(sample))
    assert "Sent to cross-review: somebody new scores it." in page
    assert "<b>Ada Admin</b> sent it to cross-review" in page
    assert "Too good to be true." in page


def test_a_review_that_the_protocol_asks_for_is_nobodys_doing(study: Study, ada: Client) -> None:
    study.protocols.update(cross_review="all")
    sample = agree(study)
    assert state_of(sample) == "in_review"
    page = text_of(ada, address(sample))
    assert "A cross-review was asked for" in page
    assert "</b> A cross-review was asked for" not in page


def test_ada_assigns_a_sample_to_people_by_name(study: Study, ada: Client) -> None:
    sample = make_sample(study, pictures=["red"])
    make_member(study, "dan")
    make_member(study, "eve", state="paused")
    page = text_of(ada, address(sample))
    form = page[page.index(f'action="{address(sample, "assign/")}"') :]
    form = form[: form.index("</form>")]
    assert "Dan" in form
    # Ada is looking at it this moment, and Eve is away.
    assert ("Ada" in form, "Eve" in form) == (False, False)
    dan, ada_member, eve = (place_of(study, name).public_id for name in ("dan", "ada", "eve"))
    for sent, wrong in (
        ({"days": 3}, "members"),
        ({"members": [dan], "days": 31}, "days"),
        ({"members": [ada_member], "days": 3}, "members"),
        ({"members": [eve], "days": 3}, "members"),
    ):
        answer = ada.post(address(sample, "assign/"), sent)
        assert answer.status_code == 400
        assert re.findall(r'class="field-error" id="assign_(\w+)_error"', answer.content.decode()) == [wrong]
    assert state_of(sample) == "waiting"
    assert ada.post(address(sample, "assign/"), {"members": [dan], "days": 5}).status_code == 302
    assert state_of(sample) == "scoring"
    page = text_of(ada, address(sample))
    assert "Assigned: it comes first in what they hold (Dan)." in page
    assert re.search(r"<b>Ada Admin</b> assigned it until [^<]+ to <b>Dan</b>", page)
    assert "Dan (has it until" in page


def test_who_reads_only_and_what_is_over_has_no_such_forms(study: Study, ada: Client) -> None:
    sample = make_sample(study, pictures=["red"])
    make_member(study, "dan")
    rae = client_of(make_member(study, "rae", "researcher").name.lower())
    for step in ("review", "assign"):
        assert f'action="{address(sample, f"{step}/")}"' not in text_of(rae, address(sample))
    Study.objects.update(state="paused")
    assert f'action="{address(sample, "assign/")}"' not in text_of(ada, address(sample))
