"""What an annotator must not learn of a judge, searched for in everything that the API answers them.

Ann holds a blind and a delayed sample of which the study's judge has said something; until she has locked her own
values, nothing that she gets tells one from the other, or that there is a judge at all.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse

from annotation.models import Assignment, JudgeRun, Prediction, Sample, Study, Suggestion
from annotation.reports import stored_reports
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_sample, make_study
from tests.leak_search import leaked
from tests.suggestion_studies import drawn_sample, judge_saying

from .caller import GOOD, Caller

pytestmark = pytest.mark.django_db

# Figures that stand nowhere by chance, and no level.
EXPECTED, SD, LOW, HIGH = 3.141625, 0.577215, 2.718281, 4.669201
FIGURES = {"expected": EXPECTED, "sd": SD, "interval": [LOW, HIGH], "rounded": 3, "p": [0, 0, 0, 1, 0, 0]}
# Of the answers' own words; `suggestion` is the one that is always there.
WORDS = ("judge", "prediction", "predicted", "prefilled", "delayed", "expected", "interval", '"sd"', '"arm"', "revis")


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2, suggestions="both")


@pytest.fixture
def blind(study: Study) -> Sample:
    return drawn_sample(study, SuggestionArm.BLIND)


@pytest.fixture
def delayed(study: Study, blind: Sample) -> Sample:
    """A sample of which Ann gets the slot that meets the judge later; it says the same of both."""
    found = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: dict.fromkeys(GOOD, 3) for sample in (blind, found)})
    for row in Prediction.objects.all():
        row.dimensions = {key: {**said, **FIGURES} for key, said in row.dimensions.items()}
        row.save()
    return found


def forbidden() -> list[str]:
    run = JudgeRun.objects.get()
    figures = [f"{figure:.6f}"[:5] for figure in (EXPECTED, SD, LOW, HIGH)]
    return [*figures, *WORDS, run.public_id, run.name, run.prompt_sha]


def told(response: HttpResponse) -> str:
    body = b"" if response.streaming else response.content
    return f"{body.decode()}\n{dict(response.headers)}\n{response.cookies.output()}".lower()


def leases(ann: Caller) -> dict[str, dict[str, Any]]:
    works = ann.post("studies/birds/assignments/", {"count": 2}).json()["assignments"]
    return {work["sample"]["id"]: work for work in works}


def walk(ann: Caller, held: dict[str, dict[str, Any]]) -> Iterator[tuple[str, HttpResponse]]:
    """Ask for all that an annotator can while they hold these samples, without scoring any of them."""
    yield "lease", ann.post("studies/birds/assignments/", {"count": 2})
    yield "lease, rendered", ann.post("studies/birds/assignments/?render=html", {"count": 2})
    for path in (
        *("me/", "studies/", "studies/birds/", "studies/birds/progress/", "rubrics/", "studies/birds/discussions/"),
        *("studies/birds/assignments/", "studies/birds/assignments/?render=html"),
        *("studies/birds/assignments/?state=scored", "studies/birds/assignments/?state=skipped"),
    ):
        yield path, ann.get(path)
    for sample, work in held.items():
        for path in (f"assignments/{work['id']}/", f"assignments/{work['id']}/?render=html", f"samples/{sample}/"):
            yield path, ann.get(path)
        yield "renew", ann.post(f"assignments/{work['id']}/renew/")
        yield "nothing to undo", ann.delete(f"assignments/{work['id']}/score/")
        yield "incomplete", ann.score(work["id"], {"TCC": 3}, touched=["TCC"])
        for block in work["sample"]["turns"][0]["blocks"]:
            if block["kind"] == "image":
                yield "picture", ann.get(block["url"])


def test_before_own_values_are_locked_nothing_tells_of_a_judge(ann: Caller, blind: Sample, delayed: Sample) -> None:
    held = leases(ann)
    assert set(held) == {blind.public_id, delayed.public_id}
    assert set(Assignment.objects.values_list("arm", flat=True)) == {SuggestionArm.BLIND, SuggestionArm.DELAYED}
    assert Suggestion.objects.count() == 4
    leaks: list[str] = []
    visited = 0
    for what, response in walk(ann, held):
        visited += 1
        leaks += [f"{word} in {what}" for word in leaked(forbidden(), told(response))]
    assert not leaks
    assert visited > 20


def test_a_blind_lease_and_one_that_a_judge_will_follow_are_alike(ann: Caller, blind: Sample, delayed: Sample) -> None:
    held = leases(ann)

    def without_names(work: dict[str, Any], sample: Sample) -> str:
        text = json.dumps(work)
        for name in (work["id"], sample.public_id, sample.pictures.get().public_id):
            text = text.replace(name, "")
        return re.sub(r'"(leased_at|expires_at)": "[^"]+"|"question": "[^"]+"', "", text)

    def headers(work: dict[str, Any]) -> list[tuple[str, str]]:
        found = ann.get(f"assignments/{work['id']}/").headers
        return sorted((name, value) for name, value in found.items() if name != "Content-Length")

    one, other = held[blind.public_id], held[delayed.public_id]
    assert list(one) == list(other)
    assert one["suggestion"] is None
    assert without_names(one, blind) == without_names(other, delayed)
    assert headers(one) == headers(other)


def test_a_blind_score_is_answered_and_remembered_without_a_word_of_the_judge(
    study: Study, ann: Caller, blind: Sample, delayed: Sample
) -> None:
    work = leases(ann)[blind.public_id]
    key = uuid4()
    answers = [
        ann.score(work["id"], GOOD, key=key),
        ann.score(work["id"], GOOD, key=key),
        ann.get(f"assignments/{work['id']}/"),
        ann.get("studies/birds/assignments/?state=scored"),
        ann.put(f"assignments/{work['id']}/revision/", {"client_key": str(uuid4()), "ratings": GOOD}),
        ann.delete(f"assignments/{work['id']}/score/"),
        ann.score(work["id"], GOOD),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 409, 200, 200]
    # Only names of fields that say nothing: that there is a time to revise is true or not of any answer.
    fields = ('"revise_until":null', '"suggestion":null', '"own":null', "nothing_to_revise", "nothing to revise")
    for answer in answers:
        text = told(answer)
        for field in fields:
            text = text.replace(field, "")
        assert not leaked(forbidden(), text)


def test_what_others_make_of_the_judge_changes_nothing_for_who_is_blind(
    study: Study, ann: Caller, ben: Caller, blind: Sample, delayed: Sample
) -> None:
    # Ben takes the slot that meets the judge, so that Ann gets the blind one of the same sample.
    bens = leases(ben)[delayed.public_id]["id"]
    work = leases(ann)[delayed.public_id]
    assert Assignment.objects.get(public_id=work["id"]).arm == SuggestionArm.BLIND
    before = told(ann.get(f"assignments/{work['id']}/"))
    assert ben.score(bens, GOOD).json()["state"] == "revising"
    revised = ben.put(f"assignments/{bens}/revision/", {"client_key": str(uuid4()), "ratings": dict.fromkeys(GOOD, 3)})
    assert revised.status_code == 200
    stored_reports.refresh_reports(study=study)
    assert told(ann.get(f"assignments/{work['id']}/")) == before
    for what, response in walk(ann, {delayed.public_id: work}):
        assert not leaked(forbidden(), told(response)), what


def test_once_own_values_are_locked_the_judges_are_there_for_who_locked_them_alone(
    ann: Caller, ben: Caller, blind: Sample, delayed: Sample
) -> None:
    work = leases(ann)[delayed.public_id]
    shown = told(ann.score(work["id"], GOOD))
    for figure in (EXPECTED, SD, LOW, HIGH):
        assert str(figure) in shown
    # Which judge it is, is said to nobody.
    run = JudgeRun.objects.get()
    assert not [word for word in (run.public_id, run.name, run.prompt_sha) if word in shown]
    held = leases(ben)
    for what, response in walk(ben, held):
        assert not leaked(forbidden(), told(response)), what


def test_prefilled_values_come_rounded_and_alone(study: Study, ann: Caller, delayed: Sample) -> None:
    sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2)
    Prediction.objects.create(
        run=JudgeRun.objects.get(), sample=sample, status="ok", dimensions={"TCC": {**FIGURES, "p_dispute": 0.125}}
    )
    make_sample(study)
    works = ann.post("studies/birds/assignments/", {"count": 4}).json()["assignments"]
    (work,) = (one for one in works if one["sample"]["id"] == sample.public_id)
    assert work["suggestion"] == {"arm": "prefilled", "ratings": {"TCC": 3}}
    text = json.dumps(works)
    assert not [figure for figure in (EXPECTED, SD, LOW, HIGH) if str(figure) in text]
