"""The whole story of scores that differ, in four browsers.

Three experts have scored outside; their scores are imported as complete. Ada invites the three into the places that
the import made for them. They settle what they can, she decides one sample in their place and reopens another one,
and at the end every sample tells its own life.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import BrowserContext, Page, expect

from annotation.models import Discussion, FinalScore, Member, Rating, Sample, Study
from tests.factories import make_member, make_sample, make_study, make_user

from .discussing_page import Table

pytestmark = pytest.mark.browser

EXPERTS = ("ann", "ben", "cho")
# By sample and dimension: what Ann, Ben and Cho gave. Everything else is 5.
GIVEN: dict[str, dict[str, tuple[int, int, int]]] = {
    "robin": {"ITS": (2, 4, 4)},
    "wren": {"ICC": (0, 3, 5), "ITS": (1, 2, 2)},
    "finch": {"IQ": (3, 4, 4)},
    "owl": {},
}


@pytest.fixture
def study(transactional_db: None, tmp_path: Path) -> Study:
    """A study of four samples with the imported scores of three experts, complete: three of them are disputed."""
    study = make_study("birds", k=3, title="Birds that sing")
    file = tmp_path / "scores.csv"
    lines = ["sample,annotator,dimension,value"]
    for name, differing in GIVEN.items():
        make_sample(study, f"The {name} sings.", ["red"], question=f"Does the {name} sing?", external_id=name)
        for key in ("TCC", "ICC", "IQ", "ITS"):
            lines += [
                f"{name},{who},{key},{value}" for who, value in zip(EXPERTS, differing.get(key, (5, 5, 5)), strict=True)
            ]
    file.write_text("\n".join(lines) + "\n")
    call_command("import_scores", str(file), study="birds", complete=True, verbosity=0)
    return study


@pytest.fixture
def ada(study: Study, browser_of: Callable[..., BrowserContext]) -> Page:
    """Ada's browser: she leads the study."""
    member = make_member(study, "ada", "admin")
    assert member.user is not None
    return browser_of(member.user).new_page()


def invited(ada: Page, name: str) -> str:
    """Ada makes a link for an imported expert, on the page of that place."""
    member = Member.objects.get(name=name)
    ada.goto(f"/studies/birds/people/{member.public_id}/")
    ada.get_by_role("button", name="Make a link").click()
    return ada.locator("#link").input_value()


def case_of(name: str) -> Discussion:
    return Discussion.objects.filter(sample__external_id=name).latest("number")


def finals(name: str) -> dict[str, tuple[float, str]]:
    rows = FinalScore.objects.filter(sample__external_id=name, current=True).select_related("level", "dimension")
    return {row.dimension.key: (row.level.value, row.outcome) for row in rows if row.level is not None}


def state(name: str) -> str:
    return Sample.objects.get(external_id=name).state


def give_reasons(table: Table, name: str, reason: str) -> None:
    """One key for each dimension; the others are shown then."""
    table.open(case_of(name).public_id)
    for _ in range(table.page.locator(".topic").count()):
        table.press(reason)
    table.settle()
    expect(table.stance.locator("h2")).to_contain_text("My stance")


def life(ada: Page, name: str) -> str:
    """What Ada reads of a sample's life, on one line."""
    ada.goto(f"/studies/birds/samples/{Sample.objects.get(external_id=name).public_id}/")
    return " ".join(ada.locator("section[aria-labelledby=h-life]").inner_text().split())


def in_order(text: str, *parts: str) -> None:
    """Fail unless the text holds all the parts, one after the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        assert found >= 0, f"{part!r} is missing after {text[:place][-80:]!r} in {text!r}"
        place = found + len(part)


def test_three_experts_settle_what_they_can_and_ada_the_rest(
    study: Study, ada: Page, browser_of: Callable[..., BrowserContext]
) -> None:
    # The import has decided what it could, and opened the rest.
    assert {name: state(name) for name in GIVEN} == {
        "robin": "in_discussion",
        "wren": "in_discussion",
        "finch": "in_discussion",
        "owl": "agreed",
    }

    # Each expert takes their place, in a browser of their own.
    tables = {}
    for name in EXPERTS:
        link = invited(ada, name)
        page = browser_of(make_user(name)).new_page()
        page.goto(link)
        page.get_by_role("button", name="Join as").click()
        expect(page.locator(".site-header nav")).to_contain_text("Discuss 3")
        tables[name] = Table(page, study)
    ann, ben, cho = (tables[name] for name in EXPERTS)

    # The robin: all give their reasons; Ann sees the others and goes over to them. One key each.
    for table in tables.values():
        give_reasons(table, "robin", "i")
    ann.press("4")
    expect(ann.title).to_have_text("Settled", timeout=20_000)
    assert finals("robin")["ITS"] == (4, "discussed")
    assert state("robin") == "agreed"

    # The finch: Ben and Cho come down to Ann; each sees the other move without a reload.
    for table in tables.values():
        give_reasons(table, "finch", "i")
    ben.press("3")
    expect(cho.aloud).to_contain_text("moved from 4 to 3 on IQ", timeout=20_000)
    cho.press("3", "o")
    expect(cho.title).to_have_text("Settled", timeout=20_000)
    expect(ann.title).to_have_text("Settled", timeout=20_000)
    assert finals("finch")["IQ"] == (3, "discussed")

    # The wren: they talk, settle one dimension, and stay apart on the other.
    for table in tables.values():
        give_reasons(table, "wren", "r")
    ann.topic("ITS").locator(".topic-header").click()
    ann.press("2")
    expect(ann.fold("ITS")).to_contain_text("settled", timeout=20_000)
    ben.topic("ICC").locator(".topic-header").click()
    ben.write("I1 shows a wren, but it does not sing. Cho?")
    ben.press("Enter")
    ben.settle()
    cho.look()
    expect(cho.topic("ICC")).to_contain_text("it does not sing. Cho?")
    assert state("wren") == "in_discussion"

    # Ada decides it in their place, with a reason.
    ada.goto("/studies/birds/discussions/")
    ada.locator(f"a[href='/studies/birds/discussions/{case_of('wren').public_id}/']").first.click()
    ada.get_by_text("Decide in their place").click()
    ada.get_by_role("radiogroup").or_(ada.locator("fieldset")).first.get_by_label("3", exact=True).check()
    ada.locator("form[action$='/override/'] textarea").fill("Two weeks are enough.")
    ada.get_by_role("button", name="Override").click()
    expect(ada.locator(".messages")).to_contain_text("ICC")
    assert finals("wren") == {
        "TCC": (5, "unanimous"),
        "ICC": (3, "overridden"),
        "IQ": (5, "unanimous"),
        "ITS": (2, "discussed"),
    }
    ben.look()
    expect(ben.tell).to_contain_text("This case is settled.")

    # She reopens the finch; all speak again, and now stand on 4.
    ada.goto(f"/studies/birds/samples/{Sample.objects.get(external_id='finch').public_id}/")
    ada.locator("summary", has_text="Reopen").click()
    form = ada.locator("form[action$='/reopen/']")
    for key in ("TCC", "ICC", "ITS"):
        form.get_by_label(key).uncheck()
    form.locator("textarea").fill("The picture came in a better copy.")
    form.get_by_role("button", name="Reopen").click()
    assert state("finch") == "in_discussion"
    assert "IQ" not in finals("finch")
    for table in tables.values():
        table.open(case_of("finch").public_id)
        expect(table.page.locator(".case-header")).to_contain_text("An admin has reopened this sample")
        table.press("4", "i")
        table.settle()
    expect(cho.title).to_have_text("Settled", timeout=20_000)
    assert finals("finch")["IQ"] == (4, "discussed")
    assert set(Sample.objects.values_list("state", flat=True)) == {"agreed"}

    # What they gave at first is as it was; every discussed value is signed by each of them.
    given = Rating.objects.filter(score__round=1, score__origin="imported")
    assert given.count() == len(GIVEN) * len(EXPERTS) * 4
    of_ann = given.filter(score__sample__external_id="robin", score__member__name="ann", dimension__key="ITS")
    assert of_ann.values_list("level__value", flat=True).get() == 2
    signed = Rating.objects.filter(score__origin="signed", score__sample__external_id="finch", dimension__key="IQ")
    assert sorted(signed.values_list("score__round", "level__value")) == [(2, 3)] * 3 + [(3, 4)] * 3

    # Each sample tells its life.
    came = ("Imported", "ann scored, by an imported file", "ben scored", "cho scored", "waiting → to scoring")
    in_order(life(ada, "owl"), *came, "The scores agree", "scoring → to agreed")
    in_order(
        life(ada, "robin"),
        *(*came, "The scores differ on ITS", "scoring → to in discussion"),
        *("ann gave a reason on ITS 2", "ben gave a reason on ITS 4", "cho gave a reason on ITS 4"),
        "ann moved ITS 2 → to 4 convinced by the others’ reasons",
        *("All stand on one value: ITS 4", "in discussion → to agreed"),
    )
    in_order(
        life(ada, "wren"),
        *(*came, "The scores differ on ICC, ITS"),
        *("ann moved ITS 1 → to 2", "All stand on one value: ITS 2"),
        *("ben kept ICC 3", "I1 shows a wren, but it does not sing. Cho?"),
        *("Ada decided ICC 3", "Two weeks are enough.", "in discussion → to agreed"),
    )
    in_order(
        life(ada, "finch"),
        *(*came, "The scores differ on IQ", "ben moved IQ 4 → to 3", "cho moved IQ 4 → to 3 had overlooked something"),
        *("All stand on one value: IQ 3", "in discussion → to agreed"),
        *("Ada reopened it", "agreed → to in discussion", "The picture came in a better copy."),
        *("ann gave a reason on IQ", "ben gave a reason on IQ", "cho gave a reason on IQ"),
        *("All stand on one value: IQ 4", "in discussion → to agreed"),
    )
