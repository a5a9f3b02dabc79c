"""What others do appears by itself, and disturbs nobody."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotation.discussions import moderating
from annotation.models import Discussion, Member, Post, Sample, Study
from annotation.samples import reopening
from tests.annotation.discussions.cases import reason, reasons, say, stand
from tests.factories import make_discussion, make_member

from .discussing_page import Table, Tables

pytestmark = pytest.mark.browser


def three(study: Study) -> Discussion:
    case = make_discussion(study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reasons(case, "ann", "ben", "cho")
    return case


def test_ben_sees_what_ann_does_in_her_browser_without_a_reload(discussed: Study, tables: Tables) -> None:
    three(discussed)
    ann, ben = tables("ann").open(), tables("ben").open()
    ann.press("4")
    expect(ben.aloud).to_have_text("R1 moved from 2 to 4 on ITS.", timeout=20_000)
    assert ben.posts("ITS")[-1] == "R1|The others’ reasons convince me."
    label = ben.axis("ITS").get_attribute("aria-label") or ""
    assert "R1 first 2, now 4." in label


def test_news_leave_the_focus_the_words_and_the_place_alone(discussed: Study, tables: Tables) -> None:
    case = three(discussed)
    for number in range(12):
        say("cho", case, f"Point {number}. " + "It goes on for a while. " * 6)
    ann = tables("ann").open()
    ann.page.locator("#main").evaluate("(main) => main.scrollTo(0, 300)")
    ann.press("t")
    ann.page.keyboard.type("I was ab")
    field = ann.words.element_handle()
    ann.page.evaluate("() => document.querySelector('#stance textarea').setSelectionRange(2, 5)")
    stand("ben", case, 5)
    expect(ann.aloud).to_contain_text("R2 moved from 4 to 5 on ITS.", timeout=20_000)
    assert ann.words.element_handle().evaluate("(now, before) => now === before", field)
    expect(ann.words).to_be_focused()
    expect(ann.words).to_have_value("I was ab")
    kept = ann.page.evaluate(
        """() => { const field = document.querySelector("#stance textarea");
            return [field.selectionStart, field.selectionEnd, document.querySelector("#main").scrollTop]; }"""
    )
    assert kept == [2, 5, 300]


def test_asking_for_news_costs_nothing_while_there_are_none(discussed: Study, tables: Tables) -> None:
    three(discussed)
    ann = tables("ann").open()
    ann.page.wait_for_load_state("networkidle")
    statuses: list[int] = []
    ann.page.on("response", lambda answer: statuses.append(answer.status) if "since=" in answer.url else None)
    ann.eventually(lambda: len(statuses) >= 2, seconds=15)
    assert set(statuses) == {204}


def test_a_step_of_others_before_my_reason_is_not_even_noticed(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    ann = tables("ann").open()
    ann.page.wait_for_load_state("networkidle")
    reason("ben", case, "Quokkas.")
    statuses: list[int] = []
    ann.page.on("response", lambda answer: statuses.append(answer.status) if "since=" in answer.url else None)
    ann.look()
    ann.eventually(lambda: bool(statuses))
    assert set(statuses) == {204}


def test_the_count_in_the_header_follows(discussed: Study, tables: Tables) -> None:
    three(discussed)
    make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 3}})
    ann = tables("ann").open()
    place = ann.page.locator(".site-header nav a[aria-current]")
    expect(place).to_have_text("Discuss 2 waiting")
    expect(ann.waiting).to_have_text("2 cases wait for you")
    ann.press("4")
    expect(place).to_have_text("Discuss 1 waiting")
    expect(ann.waiting).to_have_text("1 case waits for you")
    ann.press("ArrowRight", "i")
    expect(place).to_have_text("Discuss")
    expect(ann.waiting).to_have_text("nothing waits for you")


def test_a_new_case_appears_where_nothing_waited(discussed: Study, tables: Tables) -> None:
    make_member(discussed, "ann")
    ann = tables("ann")
    ann.page.goto("/studies/birds/discuss/")
    expect(ann.title).to_have_text("Nothing waits for you")
    expect(ann.page.get_by_role("link", name="Score samples")).to_have_attribute("href", "/studies/birds/score/")
    make_discussion(discussed)
    ann.look()
    expect(ann.title).to_have_text("One dimension still open")


def test_a_case_that_is_settled_meanwhile_says_so_and_leads_on(discussed: Study, tables: Tables) -> None:
    case, ada = three(discussed), make_member(discussed, "ada", "admin")
    assert ada.user is not None
    ann = tables("ann").open()
    ann.write("I was about to")
    moderating.override_topics(by=ada.user, discussion_id=case.public_id, values={"ITS": 3}, reason="Time is short.")
    ann.look()
    expect(ann.tell).to_contain_text("This case is settled.")
    expect(ann.fold("ITS")).to_contain_text("decided by an admin")
    expect(ann.stance).to_be_hidden()
    ann.tell.get_by_role("button", name="Next case").click()
    expect(ann.title).to_have_text("Nothing waits for you")


def test_a_deadline_that_passes_hands_the_case_to_the_admins(discussed: Study, tables: Tables) -> None:
    case = three(discussed)
    Discussion.objects.update(due_at=timezone.now() + timedelta(hours=2))
    ann = tables("ann").open()
    expect(ann.page.locator(".case-due.text-attention")).to_contain_text("then the admins decide")
    Discussion.objects.update(due_at=timezone.now() - timedelta(minutes=1), version=99)
    ann.look()
    expect(ann.title).to_have_text("With the admins now")
    expect(ann.tell).to_contain_text("The time for this case is over")
    expect(ann.stance).to_be_hidden()
    expect(ann.axis("ITS")).to_be_visible()
    assert case.state == "open"


def test_an_excused_person_reads_on_and_says_nothing(discussed: Study, tables: Tables) -> None:
    case, ada = three(discussed), make_member(discussed, "ada", "admin")
    assert ada.user is not None
    ann = tables("ann").open()
    moderating.excuse_participant(
        by=ada.user, discussion_id=case.public_id, participant="R1", reason="Ill.", replacement=None
    )
    ann.look()
    expect(ann.title).to_have_text("You are excused")
    expect(ann.stance).to_be_hidden()


def test_a_withdrawn_sample_and_a_paused_study_are_told(discussed: Study, tables: Tables) -> None:
    case = three(discussed)
    ann = tables("ann").open()
    Study.objects.update(state="paused")
    ann.press("4")
    expect(ann.needs_me).to_have_text("1 needs you", timeout=15_000)
    expect(ann.tell).to_contain_text("Its admins have paused it")
    expect(ann.stance).to_be_hidden()
    Study.objects.update(state="running")
    ann.reload()
    ann.needs_me.click()
    dialog = ann.page.locator("#refused-writes")
    expect(dialog).to_contain_text("ITS from 2 to 4")
    expect(dialog).to_contain_text("The others’ reasons convince me.")
    dialog.get_by_role("button", name="Try again").click()
    ann.eventually(lambda: Post.objects.filter(kind="move").exists())
    expect(ann.needs_me).to_be_hidden()
    ada = make_member(discussed, "ada", "admin")
    assert ada.user is not None
    reopening.withdraw_sample(by=ada.user, sample_id=Sample.objects.get(pk=case.sample_id).public_id, reason="Broken.")
    ann.look()
    expect(ann.tell).to_be_visible()
    expect(ann.stance).to_be_hidden()


def test_a_paused_study_or_person_is_named(discussed: Study, tables: Tables) -> None:
    three(discussed)
    ann = tables("ann")
    Study.objects.update(state="paused")
    ann.page.goto("/studies/birds/discuss/")
    expect(ann.title).to_have_text("This study stands still")


def test_a_reopened_case_says_so_and_an_admin_who_takes_part_is_treated_like_anybody(
    discussed: Study, tables: Tables
) -> None:
    make_member(discussed, "ada", "admin")
    case = make_discussion(discussed, {"ada": {"ITS": 2}, "ben": {"ITS": 4}}, because="reopened")
    reason("ben", case, "Quokkas.")
    ada = tables("ada").open()
    expect(ada.page.locator(".case-header")).to_contain_text("An admin has reopened this sample")
    assert "Quokkas" not in ada.page.content()
    ada.press("w")
    expect(ada.axis("ITS")).to_be_visible()
    assert "Ben" not in (ada.page.locator("#main").text_content() or "")


def test_somebody_who_leaves_the_study_is_told_that_the_case_is_no_longer_theirs(
    discussed: Study, tables: Tables
) -> None:
    three(discussed)
    ann = tables("ann").open()
    Member.objects.filter(user__username="ann").update(state="left")
    ann.look()
    expect(ann.tell).to_contain_text("This case is no longer open to you.")
    expect(ann.stance).to_be_hidden()
    expect(ann.page.locator(".topic")).to_have_count(0)


def test_a_picture_that_fails_can_be_asked_for_again(discussed: Study, tables: Tables) -> None:
    make_discussion(discussed)
    ann = tables("ann")
    ann.page.route("**/api/pictures/**", lambda route: route.abort())
    ann.open()
    failure = ann.page.locator(".sample-page.is-shown .picture-placeholder")
    expect(failure).to_contain_text("This picture has not arrived.")
    expect(failure.get_by_role("button")).to_have_text(["Try again"])
    ann.page.unroute("**/api/pictures/**")
    failure.get_by_role("button", name="Try again").click()
    expect(ann.page.locator(".sample-page.is-shown .picture-image")).to_be_visible()
    ann.press("i")
    ann.settle()


def test_who_does_not_take_part_finds_no_case(discussed: Study, tables: Tables) -> None:
    case = three(discussed)
    for name, role, status in (("dee", "annotator", 404), ("ravi", "researcher", 403)):
        make_member(discussed, name, role)
        answer = tables(name).page.goto(f"/studies/birds/discuss/{case.public_id}/")
        assert answer is not None
        assert answer.status == status


def test_the_next_cases_are_there_with_their_pictures_before_they_are_asked_for(
    discussed: Study, tables: Tables
) -> None:
    for spread in (3, 2, 1):
        make_discussion(discussed, {"ann": {"ITS": 1}, "ben": {"ITS": 1 + spread}})
    ann: Table = tables("ann").open()
    expect(ann.page.locator(".sample-page")).to_have_count(3)
    ann.page.wait_for_load_state("networkidle")
    ann.lose_connection()
    for _ in range(2):
        ann.press("i", "Enter")
    expect(ann.page.locator(".sample-page.is-shown .picture-image")).to_be_visible()
    assert ann.page.evaluate("() => document.querySelector('.sample-page.is-shown .picture-image').naturalWidth") > 0
    expect(ann.saved).to_have_text("offline, 2 waiting")
