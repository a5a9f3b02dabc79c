"""One discussion as those who lead see it, and what they do where people cannot."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotation.core.errors import BadInput
from annotation.core.rubric_cache import load_rubric
from annotation.discussions import admin_list, moderating
from annotation.models import Exposure, FinalScore, Member, Participant, Sample, Study
from tests.factories import make_member, make_user

from .disputes import (
    LIST,
    address,
    also_on,
    client_of,
    dispute,
    give_reason,
    hand_over,
    make_people,
    move,
    place_of,
    post,
    settle,
    state_of,
    text_of,
)

pytestmark = pytest.mark.django_db


# Who may


def test_ada_sees_names_ravi_pseudonyms_and_nobody_else_anything(study: Study, ada: Client) -> None:
    case = dispute(study)
    give_reason(case, "ann", "T1 and I1 match.")
    page = text_of(ada, address(case))
    assert "Ann Alder" in page
    assert '<a class="block-link" href="#T1">T1</a> and <a class="block-link" href="#I1">I1</a> match.' in page
    assert 'id="T1"' in page
    assert "Decide in their place" in page
    page = text_of(client_of("ravi"), address(case))
    assert "match." in page
    assert f"R-{place_of(study, 'ann').public_id}" in page
    assert not any(said in page for said in ("Ann Alder", "Ben Bright", "Decide in their place", "<textarea"))
    for step in ("override", "excuse", "deadline"):
        assert post(client_of("ravi"), case, step).status_code == 403
        assert post(client_of("ann"), case, step).status_code == 403
    assert client_of("ann").get(address(case)).status_code == 403, "Ann has a page of her own for it"
    make_user("sam")
    assert client_of("sam").get(address(case)).status_code == 404


def test_a_case_of_another_study_is_not_here(study: Study) -> None:
    other = make_people("fishes")
    case = dispute(other)
    ada = client_of("ada")
    assert ada.get(address(case)).status_code == 404
    assert post(ada, case, "override", value_ITS="4", reason="No.").status_code == 404
    assert state_of(case.sample) == "in_discussion"


def test_an_admin_who_takes_part_gives_her_own_reason_before_she_sees_the_others(study: Study) -> None:
    make_member(study, make_user("ida", name="Ida Lead"), "admin")
    case = dispute(study, by=("ida", "ben"))
    give_reason(case, "ben", "Bens own reason.")
    ida = client_of("ida")
    answer = ida.get(address(case))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/studies/birds/discuss/{case.public_id}/")
    assert post(ida, case, "override", value_ITS="5", reason="Mine.").status_code == 302
    assert not FinalScore.objects.filter(outcome="overridden").exists(), "nor does she decide before"
    page = text_of(ida, LIST)
    line = page.split("<ol>")[1].split("</ol>")[0]
    assert "your reasons come first" in line
    assert not re.search(r'class="level-chip|range|Ben Bright', line)
    rubric = load_rubric(study.rubric_id)
    rows = admin_list.read_case_page(
        by=make_user("ida"), study=study, rubric=rubric, wanted=admin_list.DiscussionFilter(), limit=9
    ).rows
    assert [topic.values for topic in rows[0].topics] == [()], "nor does the page get to know"
    give_reason(case, "ida", "Mine.")
    assert "Bens own reason." in text_of(ida, address(case))
    assert "range 2" in text_of(ida, LIST)


# One case


def test_the_axis_shows_first_and_current_values_and_the_thread_who_moved(study: Study, ada: Client) -> None:
    case = dispute(study, 3)
    give_reason(case, "ann", "They match.")
    give_reason(case, "ben", "They do not.")
    move(case, "ann", 4)
    page = text_of(ada, address(case))
    rows = re.findall(
        r'<th scope="row"><b>R\d</b> <span class="text-secondary">(\w+)[^<]*</span></th>(.*?)</tr>', page, re.S
    )
    cells = {who: re.findall(r'<span class="visually-hidden">([^<]+)</span>', row) for who, row in rows}
    assert cells == {"Ann": ["now", "first"], "Ben": ["first and now"]}
    assert "first values 2 to 5, now 2 to 4" in page
    assert "convinced by the others’ reasons" in page
    assert "has yet to answer" in page, "Ben, after Ann has moved"
    assert "unanimous, from 5, 5" in page


def test_a_closed_case_can_be_read_and_nothing_done(study: Study, ada: Client) -> None:
    case = dispute(study)
    settle(case)
    page = text_of(ada, address(case))
    assert "<h1>This discussion is closed</h1>" in page
    assert "discussed" in page
    assert "Decide in their place" not in page
    assert "hx-get" not in page
    answer = post(ada, case, "override", value_ITS="4", reason="Too late.")
    assert answer.status_code == 409
    assert "has ended in the meantime" in answer.content.decode()
    assert FinalScore.objects.get(sample=case.sample, dimension__key="ITS", current=True).outcome == "discussed"


def test_news_come_without_a_reload_and_nothing_where_there_are_none(study: Study, ada: Client) -> None:
    case = dispute(study)
    page = text_of(ada, address(case))
    asked = re.search(r'hx-get="([^"]+)"', page)
    assert asked is not None
    assert ada.get(asked[1], headers={"hx-request": "true"}).status_code == 204
    give_reason(case, "ann", "They match.")
    part = ada.get(asked[1], headers={"hx-request": "true"}).content.decode()
    assert "They match." in part
    assert "<html" not in part
    assert "<form" not in part, "what Ada is writing stays"


# Deciding


def test_ada_overrides_with_a_reason_and_the_sample_is_agreed(study: Study, ada: Client) -> None:
    case = dispute(study)
    hand_over(case)
    assert "<h1>ITS: yours to decide</h1>" in text_of(ada, address(case))
    answer = post(ada, case, "override", value_ITS="4", reason="The picture shows it.")
    assert answer.status_code == 302
    final = FinalScore.objects.get(sample=case.sample, dimension__key="ITS", current=True)
    assert final.level is not None
    assert (final.level.value, final.outcome, final.reason) == (4, "overridden", "The picture shows it.")
    assert state_of(case.sample) == "agreed"
    page = text_of(ada, address(case))
    assert "Decided: ITS 4." in page
    assert "overridden by an admin" in page
    assert "The picture shows it." in page


def test_a_decision_on_one_dimension_leaves_the_others_open(study: Study, ada: Client) -> None:
    case = dispute(study)
    topic = case.topics.get()
    also_on(case, "TCC")
    page = text_of(ada, address(case))
    assert "<h1>Two dimensions still open</h1>" in page
    post(ada, case, "override", value_ITS="4", reason="Clear.")
    topic.refresh_from_db()
    assert topic.closed_at is not None
    assert state_of(case.sample) == "in_discussion"
    assert "<h1>One dimension still open</h1>" in text_of(ada, address(case))


def test_a_dimension_that_was_settled_while_ada_wrote_stays_as_it_was_agreed(study: Study, ada: Client) -> None:
    case = dispute(study)
    also_on(case, "TCC", closed=True)
    answer = post(ada, case, "override", value_TCC="1", value_ITS="4", reason="Clear.")
    assert answer.status_code == 409
    assert 'id="override_value_TCC_error"' in answer.content.decode()
    assert not FinalScore.objects.filter(outcome="overridden").exists(), "all of it or nothing"


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"value_ITS": "4", "reason": ""}, "override_reason"),
        ({"value_ITS": "4", "reason": "  "}, "override_reason"),
        ({"value_ITS": "", "reason": "Why not."}, "override_value_ITS"),
        ({"value_ITS": "9", "reason": "Why not."}, "override_value_ITS"),
        ({"reason": "x" * 2001, "value_ITS": "4"}, "override_reason"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_beside_its_field(
    study: Study, ada: Client, sent: dict[str, str], wrong: str
) -> None:
    case = dispute(study)
    answer = post(ada, case, "override", **sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert re.findall(r'class="field-error" id="(\w+)_error"', page) == [wrong]
    assert '<details class="fold" open>' in page, "the form is there to be corrected"
    assert not FinalScore.objects.filter(outcome="overridden").exists()


# Excusing and replacing


def test_ada_replaces_somebody_who_has_left_by_one_of_those_who_can_come(study: Study, ada: Client) -> None:
    case = dispute(study)
    cho = place_of(study, "cho")
    Member.objects.filter(user__username="ben").update(state="left")
    page = text_of(ada, address(case))
    assert "cannot answer: has left" in page
    offered = re.findall(r'<option value="(\w{12})">([^<]+)', page.split('name="replacement"')[1].split("</select>")[0])
    assert offered == [(cho.public_id, "Cho Calm")]
    ben = Participant.objects.get(discussion=case, member__user__username="ben")
    assert f'<option value="{ben}" selected>{ben}, Ben Bright (has left)' in page
    sent = {"participant": str(ben), "replacement": cho.public_id, "reason": "Left the lab."}
    assert post(ada, case, "excuse", **sent).status_code == 302
    ben.refresh_from_db()
    assert (ben.state, ben.excused_because) == ("excused", "Left the lab.")
    assert Participant.objects.get(discussion=case, member=cho).replaces == ben
    assert f"{ben} is excused and replaced." in text_of(ada, address(case))


def test_only_those_are_offered_whom_the_service_takes(study: Study, ada: Client) -> None:
    case = dispute(study)
    make_member(study, "dee", state="paused")
    make_member(study, None, name="Eve Elsewhere")
    fay = make_member(study, "fay")
    Member.objects.filter(pk=fay.pk).update(has_exposures=True)
    Exposure.objects.create(member=fay, sample=case.sample)
    text_of(ada, address(case))
    offered = set(admin_list.eligible_replacements(case.public_id))
    who = Participant.objects.get(discussion=case, member__user__username="ann")
    for member in Member.objects.filter(study=study).exclude(pk__in=[one.pk for one in offered]):
        with pytest.raises(BadInput):
            moderating.excuse_participant(
                by=make_user("ada"),
                discussion_id=case.public_id,
                participant=str(who),
                reason="Ill.",
                replacement=member.public_id,
            )
    assert {member.name for member in offered} == {"Cho Calm"}


def test_two_have_to_remain(study: Study, ada: Client) -> None:
    case = dispute(study)
    who = Participant.objects.filter(discussion=case).first()
    answer = post(ada, case, "excuse", participant=str(who), replacement="", reason="Ill.")
    assert answer.status_code == 409
    assert "Two have to remain" in answer.content.decode()
    answer = post(ada, case, "excuse", participant="", replacement="nonsense", reason="")
    assert answer.status_code == 400
    wrong = re.findall(r'class="field-error" id="excuse_(\w+)_error"', answer.content.decode())
    assert wrong == ["participant", "replacement", "reason"]


# Deadlines


def test_a_case_that_gets_more_time_goes_back_to_its_people(study: Study, ada: Client) -> None:
    case = dispute(study)
    hand_over(case)
    assert post(ada, case, "deadline", choice="7", reason="They were away.").status_code == 302
    case.refresh_from_db()
    assert case.state == "open"
    assert case.due_at is not None
    assert timedelta(days=6) < case.due_at - timezone.now() < timedelta(days=8)
    page = text_of(ada, address(case))
    assert "The participants have until" in page
    assert "<h1>One dimension still open</h1>" in page
    post(ada, case, "deadline", choice="none", reason="No hurry.")
    case.refresh_from_db()
    assert case.due_at is None
    assert "It has no deadline." in text_of(ada, address(case))


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"choice": "until", "until": "", "reason": "Later."}, "until"),
        ({"choice": "until", "until": "2020-01-01", "reason": "Later."}, "until"),
        ({"choice": "until", "until": "2999-01-01", "reason": "Later."}, "until"),
        ({"choice": "until", "until": "soon", "reason": "Later."}, "until"),
        ({"choice": "", "reason": "Later."}, "choice"),
        ({"choice": "7", "reason": ""}, "reason"),
    ],
)
def test_a_deadline_that_makes_no_sense_is_refused_beside_its_field(
    study: Study, ada: Client, sent: dict[str, str], wrong: str
) -> None:
    case = dispute(study)
    before = case.due_at
    answer = post(ada, case, "deadline", **sent)
    assert answer.status_code == 400
    assert re.findall(r'class="field-error" id="deadline_(\w+)_error"', answer.content.decode()) == [wrong]
    case.refresh_from_db()
    assert case.due_at == before


def test_a_day_ends_where_ada_lives(study: Study, ada: Client) -> None:
    user = make_user("ada")
    user.time_zone = "Pacific/Auckland"
    user.save()
    case = dispute(study)
    day = (timezone.now() + timedelta(days=30)).date()
    assert post(ada, case, "deadline", choice="until", until=day.isoformat(), reason="Holidays.").status_code == 302
    case.refresh_from_db()
    assert case.due_at is not None
    assert case.due_at.hour in (10, 11), "the end of a day in Auckland is late morning UTC"
    assert case.due_at.date() == day
    assert Sample.objects.get(pk=case.sample_id).state == "in_discussion"
