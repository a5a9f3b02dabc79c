"""Tests of the board: headline, what it was evaluated on, and open tasks."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.models import Discussion, FinalScore, Job, Member, Participant, Sample, Skip, Study, StudyFigures
from annotation.reports import stored_reports
from tests.access_world import World, make_world
from tests.annotation.reports.rating_rows import rate
from tests.factories import make_member, make_sample, make_study

pytestmark = pytest.mark.django_db

BOARD = "/studies/birds/"
# Session, person, zone, study, place; figures and their age; counts, people, leases, protocol; what waits.
BOARD_QUERIES = 28


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def ada(world: World) -> Client:
    return world.client("ada")


def text(client: Client, address: str = BOARD) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def words(page: str) -> str:
    """Return what a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def settled(number: int, study: Study, *, days_ago: float = 1) -> None:
    """Bring samples to agreement, some days ago."""
    for _ in range(number):
        sample = make_sample(study, state="agreed", stage=0)
        dimension = study.rubric.dimensions.get(key="TCC")
        FinalScore.objects.create(
            sample=sample, dimension=dimension, level=dimension.levels.get(value=3), outcome="unanimous"
        )
    FinalScore.objects.update(at=timezone.now() - timedelta(days=days_ago))


def test_the_board_opens_with_how_much_is_agreed_and_when_the_rest_will_be(ada: Client, world: World) -> None:
    settled(5, world.study, days_ago=4.5)
    stored_reports.refresh_reports(study=world.study)
    page = text(ada)
    assert re.search(r"<h1>6 of 10 samples agreed; done about [A-Z0-9][^<]+</h1>", page)
    assert "At the pace of the last 5 days, 1.2 a day, the 4 on their way take 4 days." in page
    assert "Three annotators score each sample independently" in page


def test_without_a_pace_the_board_promises_nothing(ada: Client, world: World) -> None:
    settled(5, world.study, days_ago=30)
    assert "<h1>6 of 10 samples agreed</h1>" in text(ada), "before anything is calculated"
    stored_reports.refresh_reports(study=world.study)
    page = text(ada)
    assert "<h1>6 of 10 samples agreed</h1>" in page
    assert "none was agreed in the last 14 days" in page


def test_the_finding_says_what_is_so_before_and_after_the_work(ada: Client, world: World) -> None:
    Sample.objects.filter(state="agreed").update(state="scoring")
    assert "<h1>None of 5 samples agreed yet; 2 scoring</h1>" in text(ada)
    Sample.objects.update(state="agreed")
    assert "<h1>All 5 samples are agreed</h1>" in text(ada)
    Sample.objects.update(state="waiting")
    assert "<h1>5 samples, and nobody has scored yet</h1>" in text(ada)
    world.study.samples.all().delete()
    page = text(ada)
    assert "<h1>Nothing to score yet</h1>" in page
    assert "import_samples" in page


def test_before_figures_are_calculated_the_board_says_what_to_do(ada: Client, world: World) -> None:
    page = text(ada)
    assert "Not calculated yet" in page
    assert 'action="/studies/birds/agreement/refresh/"' in page
    assert "Figures as of" not in page
    asks = text(world.client("rae"))
    assert "Not calculated yet" in asks
    assert "/agreement/refresh/" not in asks, "a researcher cannot start it"


def test_what_nobody_has_counted_yet_is_not_shown_as_none(ada: Client, world: World) -> None:
    def scored() -> str:
        row = text(ada).partition(">Ben Bright</a>")[2].partition("</tr>")[0]
        return re.sub(r"<[^>]+>", "", re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)[0])

    assert scored() == "–"
    stored_reports.refresh_reports(study=world.study)
    assert scored() == "2"


def test_figures_stand_with_their_age_and_what_has_come_since(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    page = words(text(ada))
    assert "Figures as of 0" in page
    assert "nothing new since" in page
    StudyFigures.objects.update(made_at=timezone.now() - timedelta(minutes=3), last_history=0)
    rate(make_sample(world.study), "Ida Imported", {"TCC": 3}, at=timezone.now())
    page = words(text(ada)).replace("\xa0", " ")
    assert "Figures as of 3 minutes ago" in page
    # Ida's, and the six of the world that were given while it was made.
    assert re.search(r"\d scores since", page)


def test_agreement_names_its_level_and_draws_its_interval(ada: Client, world: World) -> None:
    for number in range(8):
        sample = make_sample(world.study, pictures=["red"])
        for who, off in (("Ben Bright", 0), ("Cleo Calm", number % 2)):
            rate(sample, who, {"TCC": number % 4 + off, "ICC": 3})
    stored_reports.refresh_reports(study=world.study)
    page = text(ada)
    section = page.split('id="h-agreement"')[1].split("</section>")[0]
    tcc, icc, *_ = section.split("<tr>")[2:]
    assert "ordinal" in tcc
    assert re.search(r"<b>0\.\d\d</b>", tcc)
    assert re.search(r"0\.\d\d to [01]\.\d\d", tcc)
    assert "<circle" in tcc
    assert "undefined:" not in tcc
    assert "ordinal" in icc


def test_what_cannot_be_told_is_undefined_with_the_reason_and_never_a_number(ada: Client, world: World) -> None:
    world.study.samples.all().delete()
    rate(make_sample(world.study, pictures=["red"]), "Ida Imported", {"TCC": 3})
    stored_reports.refresh_reports(study=world.study)
    section = text(ada).split('id="h-agreement"')[1].split("</section>")[0]
    assert "All ratings are by one annotator, and agreement needs two." in section
    assert "There are no independent ratings yet." in section
    assert not re.search(r"\b[01]\.\d\d\b", section.split("<tbody>")[1])


def test_names_are_for_admins_and_pseudonyms_for_researchers(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    led, read = text(ada), text(world.client("rae"))
    pseudonym = f"R-{world.members['ben'].public_id}"
    assert "Ben Bright" in led
    assert pseudonym not in led
    assert "Ben Bright" not in read
    assert pseudonym in read
    assert "Waits for you" not in read


def test_annotators_are_listed_with_their_work_and_how_they_score(ada: Client, world: World) -> None:
    for number in range(30):
        sample = make_sample(world.study)
        at = timezone.now() - timedelta(days=number)
        rate(sample, "Ben Bright", {"TCC": 1 + number % 2}, seconds=40, at=at)
        rate(sample, "Cleo Calm", {"TCC": 2 + number % 2}, seconds=70, at=at)
    stored_reports.refresh_reports(study=world.study)
    row = text(ada).split('id="h-annotators"')[1].split(">Ben Bright<")[1].split("</tr>")[0]
    said = words(row)
    assert " 32 " in said, "with the two of the world"
    assert "40 s" in said
    assert "−0." in said, "bias with a real minus"
    assert "95 % interval −" in said
    assert "harsh on TCC" in said
    assert row.count("<svg") == 4, "work by week, interval, and two lines over weeks"


def test_a_generator_shows_its_progress_and_what_it_was_given(ada: Client, world: World) -> None:
    settled(3, world.study)
    stored_reports.refresh_reports(study=world.study)
    section = text(ada).split('id="h-generators"')[1].split("</section>")[0]
    assert "generator-of-0" in section
    row = section.split(">generator-x<")[1].split("</tr>")[0]
    assert "3.00" in row
    assert "(0.00)" in row
    assert 'title="3 agreed"' in row


@pytest.mark.parametrize(("state", "said"), [("paused", "the study is paused"), ("draft", "the study is draft")])
def test_a_study_that_does_not_run_is_what_waits_for_its_admin(ada: Client, state: str, said: str) -> None:
    Study.objects.update(state=state)
    page = text(ada)
    assert "nobody can score" in page
    assert said in page


def waits(page: str) -> str:
    return words(page.split('id="h-waits"')[1].split("</section>")[0])


def test_discussions_past_their_time_wait_with_the_oldest_first(ada: Client, world: World) -> None:
    assert "to decide" not in waits(text(ada))
    Discussion.objects.update(due_at=timezone.now() - timedelta(days=4, hours=1))
    said = waits(text(ada))
    assert "1 discussion to decide" in said
    assert "the oldest 4 days late: sample external-of-4, IQ 2–3, ITS 1–5" in said


def test_people_who_are_awaited_and_away_are_named(ada: Client, world: World) -> None:
    Member.objects.filter(pk=world.members["ann"].pk).update(state="paused")
    assert Participant.objects.filter(member=world.members["ann"], waits=True).exists()
    assert "1 absent person awaited Ann Alder (paused) in 1" in waits(text(ada))


def test_blocked_samples_say_why(ada: Client, world: World) -> None:
    Sample.objects.filter(pk=world.sample.pk).update(state="blocked", state_reason="skipped")
    assignment = world.sample.assignments.filter(state=2).first()
    Skip.objects.create(assignment=assignment, reason="language", client_key=uuid4(), at=timezone.now())
    said = waits(text(ada))
    assert "1 blocked sample" in said
    assert "not in a language they read" in said


def test_failed_imports_and_refused_lines_wait_for_a_fortnight(ada: Client, world: World) -> None:
    Job.objects.update(state="failed", error="The disk is full.", finished_at=timezone.now())
    done: dict[str, Any] = {"created": 1, "refused": 14, "errors": [{"message": "There is no such picture."}]}
    Job.objects.create(kind="import_samples", study=world.study, state="done", result=done)
    Job.objects.create(kind="statistics", study=world.study, state="failed", error="nothing of an import")
    said = waits(text(ada))
    assert "1 failed import" in said
    assert "The disk is full." in said
    assert "14 refused lines" in said
    assert "There is no such picture." in said
    Job.objects.update(created_at=timezone.now() - timedelta(days=15))
    assert "import" not in waits(text(ada))


def test_too_few_people_for_the_rules_are_noticed(ada: Client, world: World) -> None:
    world.study.protocols.update(annotators_per_sample=9)
    assert "5 people who can score each sample needs 9" in waits(text(ada))


def test_somebody_who_drifts_is_named_with_from_where_to_where(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    row = StudyFigures.objects.get(kind="annotators")
    change = {"before": 0.05, "after": 0.48, "since": "2026-W44", "noteworthy": True}
    for one in row.data["overall"]:
        if one["member"] == world.members["ben"].public_id:
            one["bias_change"] = change
    row.save()
    said = waits(text(ada))
    assert "1 annotator drifting Ben Bright: bias +0.05 to +0.48 since week 44" in said
    change["noteworthy"] = False
    for one in row.data["overall"]:
        one["bias_change"] = change
    row.save()
    assert "drifting" not in waits(text(ada)), "what is noise is nothing to look at"


def queries(client: Client) -> int:
    text(client)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        text(client)
    return len(seen)


def test_a_board_asks_as_many_questions_however_much_there_is(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    few = queries(ada)
    for number in range(12):
        make_member(world.study, f"more{number}")
        sample = make_sample(world.study, generator=f"more-{number}")
        rate(sample, "Ben Bright", {"TCC": 3})
        rate(sample, "Cleo Calm", {"TCC": 4})
    stored_reports.refresh_reports(study=world.study)
    assert queries(ada) == few
    assert few <= BOARD_QUERIES


def test_another_studys_scores_are_not_on_the_board(ada: Client, world: World) -> None:
    other = make_study("stones")
    rate(make_sample(other, generator="granite"), "Somebody Else", {"TCC": 3}, at=timezone.now())
    stored_reports.refresh_reports(study=world.study)
    page = text(ada)
    assert "granite" not in page
    assert "Somebody Else" not in page
