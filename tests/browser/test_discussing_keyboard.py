"""People discuss with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from annotation.models import Discussion, FinalScore, Post, Stance, Study
from tests.annotation.discussions.cases import reason, reasons, say, stand
from tests.factories import make_discussion, make_sample

from .discussing_page import Table, Tables

pytestmark = pytest.mark.browser


def with_a_clock(table: Table) -> Table:
    """Open the page with a clock that a test can stop."""
    table.page.clock.install()
    return table.open()


def stop_the_clock(table: Table) -> None:
    """Let what can be taken back for a moment stay so, however slow a test is."""
    table.page.clock.pause_at(table.page.evaluate("() => Date.now()") + 1_000)


def finals(case: Discussion) -> dict[str, tuple[float | None, str]]:
    rows = FinalScore.objects.filter(sample=case.sample, current=True)
    return {row.dimension.key: (row.level.value if row.level else None, row.outcome) for row in rows}


def stance(who: str, key: str = "ITS") -> Stance:
    return Stance.objects.select_related("level", "first").get(
        participant__member__user__username=who, dimension__key=key
    )


def test_one_key_each_for_the_reason_and_the_adopted_value_settles_a_case(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}})
    ann, ben = tables("ann").open(), with_a_clock(tables("ben"))
    expect(ann.title).to_have_text("One dimension still open")
    ann.press("i")
    expect(ann.axis("ITS")).to_be_visible()
    ben.press("r")
    expect(ben.topic("ITS").locator(".post-reason")).to_have_count(2)
    stop_the_clock(ben)
    ben.press("2")
    expect(ben.saved).to_have_text("saving")
    ben.page.clock.resume()
    expect(ben.title).to_have_text("Settled", timeout=15_000)
    expect(ben.fold("ITS")).to_have_attribute("open", "")
    expect(ben.fold("ITS")).to_contain_text("settled")
    expect(ben.fold("ITS")).to_contain_text("from 2, 4")
    expect(ben.fold("ITS").locator(".stance-axis")).to_have_attribute(
        "aria-label", "Where they stand on Image-Text Synergy. R1 first and now 2. R2, you, first 4, now 2."
    )
    assert finals(case)["ITS"] == (2, "discussed")
    moved = Post.objects.get(kind="move")
    assert (moved.reason, moved.participant.member.name) == ("convinced", "Ben")
    case.refresh_from_db()
    assert case.state == "closed"


def test_before_the_own_reason_nothing_of_the_others_is_on_the_page(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reason("ben", case, "Quokkas are obvious.")
    ann = tables("ann").open()
    expect(ann.topic("ITS")).to_contain_text("2 is your value.")
    expect(ann.stance.locator("h2")).to_have_text("My reason on ITS")
    expect(ann.axis("ITS")).to_have_count(0)
    expect(ann.page.locator(".level-key.is-marked")).to_have_count(0)
    assert ann.posts("ITS") == []
    for word in ("Quokkas", "R2", "R3", "Ben"):
        assert not re.search(rf"\b{word}\b", ann.page.content())
    ann.press("Enter")
    expect(ann.words).to_be_focused()
    expect(ann.aloud).to_have_text("Say why, or choose a reason by its key.")
    ann.page.keyboard.type("T1 says it all")
    ann.press("Control+Enter")
    expect(ann.axis("ITS")).to_be_visible()
    assert ann.posts("ITS") == ["R2|Quokkas are obvious.", "R1|T1 says it all"]


def test_a_value_that_nobody_holds_needs_a_reason(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 4}})
    reasons(case, "ann", "ben", "cho")
    ann = tables("ann").open()
    ann.press("3")
    expect(ann.say).to_have_text("Move to 3 Enter")
    expect(ann.say).to_have_attribute("aria-disabled", "true")
    ann.press("Enter")
    expect(ann.words).to_be_focused()
    ann.press("Escape", "o")
    ann.settle()
    assert stance("ann").level is not None
    assert stance("ann").level.value == 3  # type: ignore[union-attr]
    assert Post.objects.get(kind="move").reason == "overlooked"
    assert ann.posts("ITS")[-1] == "R1|I had overlooked something."


def test_a_level_can_be_chosen_step_by_step_and_said_with_enter(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reasons(case, "ann", "ben", "cho")
    ann = tables("ann").open()
    ann.press("Shift+ArrowRight")
    expect(ann.say).to_have_attribute("aria-disabled", "true")
    ann.press("Shift+ArrowRight")
    expect(ann.aloud).to_have_text("ITS: 4 chosen, not sent yet.")
    expect(ann.say).to_have_text("Move to 4 Enter")
    expect(ann.stance.locator(".stance-sent")).to_be_hidden()
    ann.press("Enter")
    expect(ann.stance.locator(".stance-sent")).to_contain_text("ITS moved to 4.")
    ann.settle()
    assert Post.objects.get(kind="move").reason == "convinced"


def test_an_adopted_value_can_be_taken_back_before_it_leaves(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reasons(case, "ann", "ben", "cho")
    ann = with_a_clock(tables("ann"))
    ann.write("Unsure, to be honest")
    stop_the_clock(ann)
    ann.press("4")
    expect(ann.stance.locator(".stance-sent")).to_contain_text("ITS moved to 4.")
    expect(ann.axis("ITS")).to_have_attribute("aria-label", re.compile("R1, you, first 2, now 4"))
    ann.press("u")
    expect(ann.stance.locator(".stance-sent")).to_be_hidden()
    expect(ann.axis("ITS")).to_have_attribute("aria-label", re.compile("R1, you, first and now 2"))
    expect(ann.words).to_have_value("Unsure, to be honest")
    ann.page.clock.run_for(5_000)
    ann.page.wait_for_timeout(500)
    assert not Post.objects.filter(kind="move").exists()


def test_another_level_or_reason_replaces_what_waits_to_be_sent(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    reasons(case, "ann", "ben", "cho")
    ann = tables("ann").open()
    ann.press("4", "5", "m")
    ann.settle()
    moves = list(Post.objects.filter(kind="move").values_list("before__value", "level__value", "reason"))
    assert moves == [(2, 5, "misread")]


def test_enter_keeps_the_value_and_then_goes_on_to_the_next_case(discussed: Study, tables: Tables) -> None:
    first = make_discussion(discussed, {"ann": {"ITS": 1}, "ben": {"ITS": 5}})
    second = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}})
    reasons(first, "ann", "ben")
    say("ben", first, "Look at I1 again?")
    ann = tables("ann").open()
    assert first.public_id in ann.page.url, "the oldest comes first"
    expect(ann.topic("ITS").locator(".post-new")).to_have_count(2)
    ann.press("Enter")
    expect(ann.topic("ITS").locator(".turn-mark")).to_be_hidden()
    ann.press("Enter")
    expect(ann.stance.locator("h2")).to_have_text("My reason on ITS")
    assert second.public_id in ann.page.url
    ann.press("ArrowLeft")
    expect(ann.stance.locator("h2")).to_have_text("My stance on ITS")
    assert first.public_id in ann.page.url
    ann.settle()
    assert Post.objects.get(kind="keep").participant.member.name == "Ann"


def test_the_dimensions_are_gone_through_one_after_the_other(discussed: Study, tables: Tables) -> None:
    make_discussion(
        discussed, {"ann": {"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1}, "ben": {"TCC": 2, "ICC": 2, "IQ": 2, "ITS": 2}}
    )
    ann = tables("ann").open()
    expect(ann.title).to_have_text("Four dimensions still open")
    expect(ann.here).to_have_text("TCC")
    ann.press("w")
    expect(ann.here).to_have_text("ICC")
    ann.press("ArrowDown")
    expect(ann.here).to_have_text("IQ")
    ann.press("i")
    expect(ann.here).to_have_text("ITS")
    ann.press("r")
    expect(ann.here).to_have_text("ICC")
    ann.press("i")
    ann.eventually(lambda: Post.objects.count() == 4)
    assert set(Post.objects.values_list("dimension__key", "reason")) == {
        ("TCC", "text"),
        ("ICC", "picture"),
        ("IQ", "picture"),
        ("ITS", "rubric"),
    }
    expect(ann.axis("ICC")).to_be_visible()


def test_keys_are_letters_inside_the_field_and_rest_in_chords(discussed: Study, tables: Tables) -> None:
    make_discussion(discussed)
    ann = tables("ann").open()
    ann.press("t")
    ann.page.keyboard.type("i 4 zebras? u [ r")
    expect(ann.words).to_have_value("i 4 zebras? u [ r")
    ann.press("Escape")
    for chord in ("Control+i", "Alt+r", "Meta+w"):
        ann.page.keyboard.press(chord)
    ann.page.wait_for_timeout(200)
    assert not Post.objects.exists()
    ann.press("?")
    expect(ann.page.locator("#help")).to_be_visible()
    ann.press("i", "Escape")
    assert not Post.objects.exists()


def test_a_mention_leads_to_its_block(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed)
    reasons(case, "ann", "cho")
    reason("ben", case, "T1 and I1, but T7 is not there. <b>I1</b>")
    ann = tables("ann").open()
    links = ann.topic("ITS").locator(".prose a.block-link")
    assert links.all_inner_texts() == ["T1", "I1", "I1"]
    links.nth(1).focus()
    ann.press("Enter")
    expect(ann.page.locator("figure#I1")).to_have_class(re.compile("is-highlighted"))
    assert ann.topic("ITS").locator(".prose b").count() == 0
    ann.press("z")
    expect(ann.page.locator("#viewer")).to_be_visible()


def test_a_replacement_gives_a_value_with_the_reason(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed)
    Stance.objects.filter(participant__member__user__username="ann").update(first=None, level=None)
    ann = tables("ann").open()
    expect(ann.topic("ITS")).to_contain_text("You come to this case later")
    ann.press("i")
    expect(ann.aloud).to_have_text("Choose your value first.")
    ann.press("5", "i")
    expect(ann.axis("ITS")).to_be_visible()
    found = stance("ann")
    assert found.first is not None
    assert found.first.value == 5
    assert case.topics.get().closed_at is None


def test_everybody_who_comes_to_one_value_closes_it_and_nobody_else_does(discussed: Study, tables: Tables) -> None:
    case = make_discussion(discussed, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 4}})
    reasons(case, "ann", "ben", "cho")
    ann = tables("ann").open()
    stand("ben", case, 4, "rubric")
    ann.look()
    expect(ann.title).to_have_text("One dimension still open")
    ann.press("4")
    expect(ann.title).to_have_text("Settled", timeout=15_000)
    assert finals(case)["ITS"] == (4, "discussed")


def test_only_what_the_sample_has_is_offered_as_a_reason(discussed: Study, tables: Tables) -> None:
    make_discussion(discussed, sample=make_sample(discussed, pictures=[]))
    ann = tables("ann").open()
    expect(ann.stance.get_by_role("button", name="what the words say")).to_be_visible()
    expect(ann.stance.get_by_role("button", name="what the image shows")).to_be_hidden()
    ann.press("i")
    assert stance("ann").reasoned_at is None
    ann.press("w")
    ann.settle()
    assert stance("ann").reasoned_at is not None
