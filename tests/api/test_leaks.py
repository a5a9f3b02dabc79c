"""What an annotator must not learn, searched for in everything that the API answers them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from annotation.models import (
    Assignment,
    Discussion,
    JudgeRun,
    Member,
    Picture,
    Post,
    Sample,
    SamplePicture,
    Score,
    Study,
)
from annotation.reports import stored_reports
from annotation.studies.invitations import create_invitation
from tests.access_world import words_of_judges
from tests.factories import make_discussion, make_member, make_release, make_sample, make_study, make_user
from tests.judge_run_rows import make_judge_run
from tests.leak_search import leaked

from .caller import GOOD, Caller
from .discussing import comment, give_reasons, make_dispute, move

pytestmark = pytest.mark.django_db

BEN = "Benedikta Quillfeather"


@pytest.fixture
def everything(study: Study, ann: Caller, rae: Caller, ada: Caller) -> None:
    """Samples with an origin, and others' scores with values, notes, names and an invitation."""
    user = make_user("quillfeather-login", name=BEN, email="quillfeather@example.org")
    ben = Caller(make_member(study, user))
    for number in range(6):
        make_sample(
            study,
            f"Text number {number}.",
            ["red", "blue"] if number % 2 else [],
            external_id=f"EXTERNAL-{number}",
            question=f"Question {number}?",
            generator="GENERATOR-MODEL",
            domain="DOMAIN-NAME",
            category="CATEGORY-NAME",
            topic="TOPIC-NAME",
            metadata={"METADATA-KEY": "METADATA-VALUE"},
        )
    for _ in range(4):
        leased = ben.post("studies/birds/assignments/").json()["assignments"][0]
        locked = leased["sample"]["locked"]
        ratings = {key: 3 for key in GOOD if key not in locked}
        assert ben.score(leased["id"], ratings, notes={"TCC": "NOTE-OF-BEN"}, seconds=777.25).status_code == 200
    ben.post("studies/birds/assignments/", {"count": 1})
    _discuss_with(study, ben)
    create_invitation(by=None, study=study, role="annotator", note="NOTE-OF-INVITATION")
    ada.get("studies/birds/samples/")
    make_judge_run(study, release=make_release(study), number=90617, active=True)


def _discuss_with(study: Study, ben: Caller) -> None:
    """Open a case between Ann, Ben and Cho; Ben speaks first."""
    said = {"ann": {"ITS": 1, "IQ": 4}, "quillfeather-login": {"ITS": 5, "IQ": 2}, "cho": {"ITS": 4, "IQ": 3}}
    sample = make_sample(
        study,
        "Text of the case.",
        ["green"],
        external_id="EXTERNAL-CASE",
        generator="GENERATOR-MODEL",
        domain="DOMAIN-NAME",
        metadata={"METADATA-KEY": "METADATA-VALUE"},
    )
    case = make_discussion(study, said, sample=sample)
    assert give_reasons(ben, case, ITS="REASON-OF-BEN", IQ="REASON-OF-BEN").status_code == 200
    assert comment(ben, case, "COMMENT-OF-BEN").status_code == 200
    assert move(ben, case, ITS=3).status_code == 200


def walk(ann: Caller) -> Iterator[tuple[str, HttpResponse]]:
    """Go wherever an annotator can, by every address and link of theirs, and give each answer."""
    seen: set[str] = set()

    def visit(path: str) -> Iterator[tuple[str, HttpResponse]]:
        if path not in seen:
            seen.add(path)
            response = ann.get(path)
            yield path, response
            if response.headers["Content-Type"] == "application/json":
                for link in sorted(set(re.findall(r'"(/api/[^"]+)"', response.content.decode()))):
                    yield from visit(link)

    leased = ann.post("/api/studies/birds/assignments/?render=html", {"count": 4})
    yield "lease", leased
    works = leased.json()["assignments"]
    assert len(works) == 4
    for work in works[:2]:
        ratings = {key: 5 for key in GOOD if key not in work["sample"]["locked"]}
        yield "score", ann.score(work["id"], ratings, notes={"TCC": "mine"}, seconds=5)
    yield "score again", ann.score(works[0]["id"], {})
    yield "undo", ann.delete(f"assignments/{works[1]['id']}/score/")
    skip = {"client_key": "00000000-0000-4000-8000-000000000001", "reason": "known"}
    yield "skip", ann.post(f"assignments/{works[2]['id']}/skip/", skip)
    yield "renew", ann.post(f"assignments/{works[3]['id']}/renew/")
    for path in (
        *("me/", "studies/", "studies/birds/", "studies/birds/progress/", "rubrics/", "tokens/"),
        *("studies/birds/assignments/", "studies/birds/assignments/?render=html"),
        *("studies/birds/assignments/?state=scored&limit=1", "studies/birds/assignments/?state=skipped"),
    ):
        yield from visit(f"/api/{path}")
    # Doors that are closed must not talk either.
    for path in ("members/", "invitations/", "samples/", "jobs/", "scores/", "agreement/", "annotators/"):
        yield from visit(f"/api/studies/birds/{path}")
    for path in ("protocol/", "protocol/forecast/", "protocol/move/"):
        yield from visit(f"/api/studies/birds/{path}")
    for path in ("judge-runs/", "predictions/", "releases/", "queue/"):
        yield from visit(f"/api/studies/birds/{path}")
    for run in JudgeRun.objects.values_list("public_id", flat=True):
        for what in ("", "scorecard/", "comparison/", "pairs/", "archive/"):
            yield f"judge {what}", ann.get(f"judge-runs/{run}/{what}")
        for what in ("activate/", "deactivate/", "predict/", "evaluate/"):
            yield f"judge {what}", ann.post(f"judge-runs/{run}/{what}")
    yield from _walk_discussions(ann, visit)
    for sample in Sample.objects.values_list("public_id", flat=True):
        yield from visit(f"/api/samples/{sample}/")
        yield from visit(f"/api/samples/{sample}/history/")
        yield "review", ann.post(f"samples/{sample}/review/", {"reason": "Why not."})
        yield "assign", ann.post(f"samples/{sample}/assign/", {"members": ["nobodyatall2"]})
    for assignment in Assignment.objects.values_list("public_id", flat=True):
        yield from visit(f"/api/assignments/{assignment}/")
        yield f"score {assignment}", ann.score(assignment, {"TCC": 99})
    for picture in SamplePicture.objects.values_list("public_id", flat=True):
        yield from visit(f"/api/pictures/{picture}/web/")


def _walk_discussions(
    ann: Caller, visit: Callable[[str], Iterator[tuple[str, HttpResponse]]]
) -> Iterator[tuple[str, HttpResponse]]:
    for state in ("waiting", "open", "handed_over", "closed", "all"):
        yield from visit(f"/api/studies/birds/discussions/?limit=1&state={state}")
    for case in Discussion.objects.all():
        path = f"/api/discussions/{case.public_id}/"
        yield from visit(path)
        yield from visit(f"{path}?render=html")
        yield from visit(f"{path}?since={ann.get(path).json().get('version', 'none')}")
        yield f"comment {path}", comment(ann, case, dimension="ITS")
        yield f"move {path}", move(ann, case, ITS=2)
        yield f"reason {path}", give_reasons(ann, case, TCC="no")
        yield f"override {path}", ann.post(f"{path}override/", {"values": {"ITS": 3}, "reason": "x"})
        yield f"excuse {path}", ann.post(f"{path}excuse/", {"participant": "R2", "reason": "x"})


def forbidden() -> dict[str, str]:
    """Return what must be nowhere, each with what it is."""
    words = {
        "external id": "EXTERNAL-",
        "question id": "question-Question",
        "generator": "GENERATOR",
        "domain": "DOMAIN-NAME",
        "category": "CATEGORY-NAME",
        "topic": "TOPIC-NAME",
        "metadata key": "METADATA-KEY",
        "metadata": "METADATA-VALUE",
        "another's note": "NOTE-OF-BEN",
        "another's reason": "REASON-OF-BEN",
        "another's comment": "COMMENT-OF-BEN",
        "another's name": "Quillfeather",
        "another's time": "777.25",
        "an invitation's note": "NOTE-OF-INVITATION",
        "a picture's name": "pictures/red",
        "slot": '"slot',
        "free slots": "free_slots",
        "scores so far": "scores_in",
        "priority": '"priority',
        "shuffle": "shuffle",
        "queue": "queued_at",
    }
    words |= {f"of a judge: {word}": word for word in words_of_judges()}
    words |= {"a judge": "judge-of-", "a judge's number": "90617"}
    for picture in Picture.objects.all():
        words |= {f"hash {picture.pk}": picture.sha256[:16], f"file {picture.pk}": picture.web}
    for member in Member.objects.exclude(user__username="ann"):
        words[f"member {member.pk}"] = member.public_id
    for score in Score.objects.exclude(member__user__username="ann").exclude(client_key=None):
        words[f"key of score {score.pk}"] = str(score.client_key)
    for post in Post.objects.exclude(participant__member__user__username="ann"):
        words[f"key of post {post.pk}"] = str(post.client_key)
    return {word: what for what, word in words.items()}


@pytest.mark.usefixtures("everything")
def test_nothing_that_an_annotator_gets_tells_of_origins_or_of_others(ann: Caller) -> None:
    leaks: list[str] = []
    visited = 0
    words = forbidden()
    pictures = 0
    for path, response in walk(ann):
        visited += 1
        if response.streaming:
            pictures += 1
            body = b"".join(response.streaming_content)  # type: ignore[arg-type]
            assert b"Exif" not in body
            text = ""
        else:
            text = response.content.decode()
        answer = f"{text}\n{dict(response.headers)}\n{response.cookies.output()}"
        leaks += [f"{words[word]} in {path}" for word in leaked(words, answer)]
    assert not leaks
    assert visited > 40
    assert pictures >= 4


@pytest.mark.usefixtures("everything")
def test_only_the_names_of_the_contract_are_in_an_assignment(ann: Caller) -> None:
    expected = {
        *("assignments", "reason", "id", "state", "leased_at", "expires_at", "sample", "score", "suggestion"),
        *("turns", "locked", "question", "context", "blocks", "kind", "number", "text"),
        *("url", "full_url", "width", "height", "web_width", "web_height", "ICC", "IQ", "ITS", "value", "why"),
    }
    assert _names(ann.post("studies/birds/assignments/", {"count": 6}).json()) == expected


@pytest.mark.usefixtures("everything")
def test_a_sample_that_others_have_scored_looks_like_one_that_nobody_has(ann: Caller) -> None:
    works = ann.post("studies/birds/assignments/", {"count": 6}).json()["assignments"]
    scored = set(Score.objects.values_list("sample__public_id", flat=True))
    # What depends on the sides of the answer, and on nothing else.
    sides = {"ICC", "IQ", "ITS", "value", "why", "url", "full_url", "width", "height", "web_width", "web_height"}
    shapes = {(work["sample"]["id"] in scored, frozenset(_names(work) - sides)) for work in works}
    assert {seen for seen, _ in shapes} == {True, False}
    assert len({names for _, names in shapes}) == 1


@pytest.mark.usefixtures("everything")
def test_an_annotator_gets_the_same_work_and_the_same_answers_whether_or_not_a_judge_has_predicted_it(
    study: Study, ann: Caller
) -> None:
    JudgeRun.objects.all().delete()
    before = _what_ann_gets(ann)
    release = study.releases.get()
    make_judge_run(study, release=release, active=True)
    make_judge_run(study, turned=3)
    after = _what_ann_gets(ann)
    assert len(before) > 20
    assert after == before


def _what_ann_gets(ann: Caller) -> dict[str, str]:
    """Return Ann's answers, the samples that she is given and their order among them; then nothing has happened."""
    with transaction.atomic():
        leased = ann.post("studies/birds/assignments/", {"count": 6}).json()["assignments"]
        found = {"order": str([work["sample"] for work in leased])}
        for path in (
            *("me/", "studies/", "studies/birds/", "studies/birds/progress/", "studies/birds/protocol/"),
            *("studies/birds/discussions/?state=all", "studies/birds/judge-runs/", "studies/birds/agreement/"),
            *(f"discussions/{case}/" for case in Discussion.objects.values_list("public_id", flat=True)),
            *(f"samples/{work['sample']['id']}/" for work in leased),
        ):
            # Of a discussion's version only the last part tells what its reader sees; the others are drawn anew.
            found[path] = re.sub(r'"version":"\w+\.\w+', "", ann.get(path).content.decode())
        for work in leased:
            shown = ann.get(f"assignments/{work['id']}/")
            ratings = {key: 5 for key in GOOD if key not in work["sample"]["locked"]}
            done = ann.score(work["id"], ratings, seconds=5)
            for what, answer in (("shown", shown), ("scored", done), ("again", ann.get("studies/birds/progress/"))):
                text = re.sub(r'"\w+_(at|until)":"[^"]+"', "", answer.content.decode()).replace(work["id"], "")
                found[f"{what} {work['sample']['id']}"] = text
        transaction.set_rollback(True)
    return found


def test_once_the_others_are_revealed_their_words_are_there_and_who_they_are_is_not(
    study: Study, ann: Caller, everything: None
) -> None:
    case = Discussion.objects.get(sample__external_id="EXTERNAL-CASE")
    answers = [
        give_reasons(ann, case, ITS="Mine.", IQ="Mine."),
        comment(ann, case),
        move(ann, case, ITS=5),
        ann.get(f"discussions/{case.public_id}/?render=html"),
        ann.get("studies/birds/discussions/?state=all"),
    ]
    words = {word: what for word, what in forbidden().items() if word not in ("REASON-OF-BEN", "COMMENT-OF-BEN")}
    for answer in answers:
        assert answer.status_code == 200
        text = f"{answer.content.decode()}\n{dict(answer.headers)}"
        assert not [words[word] for word in leaked(words, text)]
    assert answers[0].content.count(b"REASON-OF-BEN") == 2
    assert answers[0].content.count(b"COMMENT-OF-BEN") == 1


def test_pseudonyms_are_shuffled_between_cases(study: Study, ann: Caller, ben: Caller) -> None:
    aliases = {ann.get(f"discussions/{make_dispute(study, ann, ben).public_id}/").json()["me"] for _ in range(20)}
    assert aliases == {"R1", "R2"}


def test_another_study_is_as_if_it_were_not(study: Study, ann: Caller) -> None:
    hidden = make_study("boats", title="HIDDEN-TITLE")
    sample = make_sample(hidden, external_id="HIDDEN-SAMPLE")
    case = make_discussion(hidden, {"dan": {"ITS": 1}, "eve": {"ITS": 2}})
    for caller in (ann, Caller(make_user("sam"))):
        for path in (
            *("", "members/", "invitations/", "jobs/", "samples/", "scores/", "progress/", "assignments/"),
            *("discussions/", "agreement/", "annotators/", "protocol/", "protocol/forecast/", "protocol/move/"),
        ):
            there = caller.get(f"studies/boats/{path}")
            nowhere = caller.get(f"studies/nowhere/{path}")
            assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content), path
            assert there.status_code == 404
        assert caller.get(f"samples/{sample.public_id}/").content == caller.get("samples/bcdfghjkmnpq/").content
        there, nowhere = f"discussions/{case.public_id}/", "discussions/bcdfghjkmnpq/"
        assert caller.get(there).content == caller.get(nowhere).content
        assert caller.get(f"{there}?since=1").content == caller.get(f"{nowhere}?since=1").content
        for what in ("override/", "excuse/", "deadline/"):
            body = {"values": {"ITS": 1}, "participant": "R1", "due_at": None}
            asked = {name: value for name, value in body.items() if name in NEEDED[what]} | {"reason": "x"}
            assert caller.post(there + what, asked).content == caller.post(nowhere + what, asked).content
    assert "HIDDEN" not in ann.get("studies/").content.decode() + ann.get("me/").content.decode()


NEEDED = {"override/": ("values",), "excuse/": ("participant",), "deadline/": ("due_at",)}


def test_researchers_get_no_names_and_no_logins(study: Study, ann: Caller, rae: Caller) -> None:
    user = make_user("quillfeather-login", name=BEN, email="quillfeather@example.org")
    ben = Caller(make_member(study, user))
    case = make_dispute(study, ann, ben)
    give_reasons(ben, case)
    stored_reports.refresh_reports(study=study)
    sample = f"samples/{case.sample.public_id}/"
    for path in (
        *("studies/birds/members/", "studies/birds/samples/", "studies/birds/", sample, f"{sample}history/"),
        *("studies/birds/discussions/?state=all", f"discussions/{case.public_id}/"),
        *("studies/birds/agreement/", "studies/birds/annotators/"),
    ):
        response = rae.get(path)
        assert response.status_code == 200
        assert "quillfeather" not in response.content.decode().lower()


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for item in value.values() for name in _names(item)}
    if isinstance(value, list):
        return {name for item in value for name in _names(item)}
    return set()
