"""Leasing, submitting, undoing and skipping through the API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.models import Assignment, Member, Score, Skip, Study
from tests.factories import make_member, make_sample, make_study

from .caller import GOOD, Caller, refusal

pytestmark = pytest.mark.django_db
KEY = "00000000-0000-4000-8000-000000000001"


def test_a_lease_shows_the_sample_and_nothing_about_it(study: Study, ann: Caller) -> None:
    sample = make_sample(study, "Some *text*.", ["red"])
    answer = ann.post("studies/birds/assignments/", {"count": 3}).json()
    assert answer["reason"] == "nothing_left"
    (work,) = answer["assignments"]
    assert set(work) == {"id", "state", "leased_at", "expires_at", "sample", "score", "suggestion"}
    assert (work["state"], work["score"], work["suggestion"]) == ("leased", None, None)
    assert set(work["sample"]) == {"id", "turns", "locked"}
    assert work["sample"]["id"] == sample.public_id
    (turn,) = work["sample"]["turns"]
    picture = sample.pictures.get().public_id
    assert turn == {
        "question": "Why do birds sing?",
        "context": False,
        "blocks": [
            {"kind": "text", "number": "T1", "text": "Some *text*."},
            {
                "kind": "image",
                "number": "I1",
                "url": f"/api/pictures/{picture}/web/",
                "full_url": f"/api/pictures/{picture}/full/",
                "width": 40,
                "height": 30,
                "web_width": 20,
                "web_height": 15,
            },
        ],
    }


def test_texts_come_as_safe_html_where_a_page_asks_for_it(study: Study, ann: Caller) -> None:
    make_sample(study, "# Title\n\nSome *text* <script>alert(1)</script> ![x](https://evil.example/x.png)")
    (work,) = ann.post("studies/birds/assignments/?render=html").json()["assignments"]
    (block,) = work["sample"]["turns"][0]["blocks"]
    assert set(block) == {"kind", "number", "html"}
    assert "<h4>Title</h4>" in block["html"]
    assert "<em>text</em>" in block["html"]
    assert "<script" not in block["html"]
    assert "<img" not in block["html"]


def test_a_missing_side_locks_its_dimensions(study: Study, ann: Caller) -> None:
    make_sample(study, "Only text.")
    (work,) = ann.post("studies/birds/assignments/").json()["assignments"]
    assert work["sample"]["locked"] == {
        "ICC": {"value": 0, "why": "no_image"},
        "IQ": {"value": 0, "why": "no_image"},
        "ITS": {"value": 0, "why": "no_image"},
    }
    scored = ann.score(work["id"], {"TCC": 5, "ITS": 0}).json()
    assert scored["ratings"] == {"TCC": 5, "ICC": 0, "IQ": 0, "ITS": 0}


def test_what_is_held_comes_again(study: Study, ann: Caller) -> None:
    make_sample(study)
    first = ann.post("studies/birds/assignments/").json()["assignments"]
    assert ann.post("studies/birds/assignments/").json()["assignments"] == first
    assert ann.get("studies/birds/assignments/").json() == {"assignments": first}
    assert ann.get(f"assignments/{first[0]['id']}/").json() == first[0]


def test_a_score_is_answered_with_what_was_stored(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    scored = ann.score(assignment, GOOD, notes={"IQ": "blurred"}, seconds=12.5).json()
    of_the_score = ("ratings", "notes", "seconds", "scored_at", "undo_until", "own")
    assert set(scored) == {"assignment", "state", *of_the_score, "suggestion", "revise_until"}
    assert (scored["own"], scored["suggestion"], scored["revise_until"]) == (None, None, None)
    assert (scored["assignment"], scored["state"], scored["ratings"]) == (assignment, "scored", GOOD)
    assert (scored["notes"], scored["seconds"]) == ({"IQ": "blurred"}, 12.5)
    assert all(isinstance(value, int) for value in scored["ratings"].values())
    shown = ann.get(f"assignments/{assignment}/").json()
    assert shown["state"] == "scored"
    assert shown["score"] == {name: scored[name] for name in of_the_score}


def test_the_same_client_key_again_answers_the_same_and_stores_nothing(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    first = ann.score(assignment, key=KEY, notes={"IQ": " blurred "}, seconds=3)
    again = ann.score(assignment, key=KEY, notes={"IQ": " blurred "}, seconds=3)
    assert (again.status_code, again.json()) == (200, first.json())
    assert Score.objects.count() == 1


def test_a_client_key_is_good_for_one_score(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    make_sample(study, pictures=["red"])
    ann.score(ann.lease(), key=KEY)
    assert refusal(ann.score(ann.lease(), key=KEY)) == (409, "client_key_reused")
    assert Score.objects.count() == 1


def test_a_second_score_for_a_finished_assignment_is_refused(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    ann.score(assignment)
    assert refusal(ann.score(assignment, GOOD | {"IQ": 5})) == (409, "already_scored")
    assert ann.get(f"assignments/{assignment}/").json()["score"]["ratings"] == GOOD


def test_a_score_for_somebody_elses_assignment_is_refused(study: Study, ann: Caller, ben: Caller, ada: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    for other in (ben, ada):
        assert refusal(other.score(assignment)) == (404, "not_found")
        assert refusal(other.get(f"assignments/{assignment}/")) == (404, "not_found")
        assert refusal(other.post(f"assignments/{assignment}/renew/")) == (404, "not_found")
        assert refusal(other.delete(f"assignments/{assignment}/score/")) == (404, "not_found")
        skip = other.post(f"assignments/{assignment}/skip/", {"client_key": KEY, "reason": "known"})
        assert refusal(skip) == (404, "not_found")
    assert not Score.objects.exists()
    assert Assignment.objects.get().state == Assignment.State.LEASED


def test_a_late_score_is_refused_once_the_lease_went_to_somebody_else(ann: Caller, ben: Caller) -> None:
    pair = make_study("pair", k=1)
    for name in ("ann", "ben"):
        make_member(pair, name)
    make_sample(pair, pictures=["red"])
    late = ann.lease("pair")
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    taken = ben.lease("pair")
    assert refusal(ann.score(late)) == (409, "lease_lost")
    assert ben.score(taken).status_code == 200
    assert refusal(ann.score(late)) == (409, "lease_lost")
    assert refusal(ann.post(f"assignments/{late}/renew/")) == (409, "lease_lost")
    assert Score.objects.count() == 1


def test_a_late_score_counts_while_the_place_is_still_free(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    late = ann.lease()
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ann.score(late).status_code == 200


def test_an_undo_gives_the_sample_back_with_its_values(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    ann.score(assignment, key=KEY, notes={"IQ": "blurred"})
    undone = ann.delete(f"assignments/{assignment}/score/").json()
    assert set(undone) == {"assignment", "state", "ratings", "notes", "expires_at", "suggestion"}
    assert (undone["state"], undone["ratings"], undone["notes"]) == ("leased", GOOD, {"IQ": "blurred"})
    assert refusal(ann.score(assignment, key=KEY)) == (409, "undone")
    assert ann.score(assignment, GOOD | {"IQ": 5}).json()["ratings"]["IQ"] == 5


def test_an_undo_has_its_limits(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    assert refusal(ann.delete(f"assignments/{assignment}/score/")) == (409, "nothing_to_undo")
    ann.score(assignment)
    Score.objects.update(at=timezone.now() - timedelta(minutes=11))
    assert refusal(ann.delete(f"assignments/{assignment}/score/")) == (409, "undo_too_late")


def test_a_skip_is_stored_once(study: Study, ann: Caller) -> None:
    make_sample(study)
    assignment = ann.lease()
    body = {"client_key": KEY, "reason": "other", "note": "upside down"}
    for _ in range(2):
        assert ann.post(f"assignments/{assignment}/skip/", body).json() == {
            "assignment": assignment,
            "state": "skipped",
        }
    assert Skip.objects.get().note == "upside down"
    assert refusal(ann.score(assignment, {"TCC": 1})) == (409, "already_skipped")
    assert ann.post("studies/birds/assignments/").json() == {"assignments": [], "reason": "nothing_left"}
    (past,) = ann.get("studies/birds/assignments/?state=skipped").json()["results"]
    assert past["id"] == assignment


def test_a_lease_is_renewed(study: Study, ann: Caller) -> None:
    make_sample(study)
    assignment = ann.lease()
    before = Assignment.objects.get().expires_at
    renewed = ann.post(f"assignments/{assignment}/renew/").json()["expires_at"]
    assert Assignment.objects.get().expires_at > before
    assert renewed == ann.get(f"assignments/{assignment}/").json()["expires_at"]


def test_my_past_comes_newest_first_in_pages_both_ways(study: Study, ann: Caller, ben: Caller) -> None:
    for _ in range(5):
        make_sample(study)
    done = []
    for _ in range(5):
        done.append(ann.lease())
        ann.score(done[-1], {"TCC": 1})
    ben.score(ben.lease(), {"TCC": 1})

    first = ann.get("studies/birds/assignments/?state=scored&limit=2").json()
    second = ann.get(first["next"]).json()
    third = ann.get(second["next"]).json()
    pages = [[row["id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [[done[4], done[3]], [done[2], done[1]], [done[0]]]
    assert (first["previous"], third["next"]) == (None, None)
    assert ann.get(third["previous"]).json()["results"] == second["results"]
    back = ann.get(second["previous"]).json()
    assert (back["results"], back["previous"]) == (first["results"], None)
    assert all(row["score"]["ratings"]["TCC"] == 1 for row in first["results"])


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_study_that_does_not_run_gives_no_work(study: Study, ann: Caller, state: str) -> None:
    make_sample(study)
    Study.objects.update(state=state)
    assert ann.post("studies/birds/assignments/").json() == {"assignments": [], "reason": "study_not_running"}


def test_a_closed_study_takes_no_scores(study: Study, ann: Caller) -> None:
    make_sample(study)
    assignment = ann.lease()
    Study.objects.update(state="closed")
    assert refusal(ann.score(assignment, {"TCC": 1})) == (409, "study_closed")


def test_a_paused_member_gets_no_work(study: Study, ann: Caller, ann_member: Member) -> None:
    make_sample(study)
    Member.objects.filter(pk=ann_member.pk).update(state="paused")
    assert ann.post("studies/birds/assignments/").json() == {"assignments": [], "reason": "member_paused"}


def test_who_does_not_score_gets_no_work(study: Study, rae: Caller, sam: Caller, nobody: Caller) -> None:
    make_sample(study)
    assert refusal(rae.post("studies/birds/assignments/")) == (403, "not_allowed")
    assert refusal(sam.post("studies/birds/assignments/")) == (404, "not_found")
    assert refusal(nobody.post("studies/birds/assignments/")) == (401, "not_authenticated")
    assert not Assignment.objects.exists()


def test_progress_tells_annotators_only_of_themselves(study: Study, ann: Caller, rae: Caller, root: Caller) -> None:
    for _ in range(3):
        make_sample(study)
    ann.score(ann.lease(), {"TCC": 1})
    ann.lease()
    mine = {"scored": 1, "scored_today": 1, "held": 1}
    assert ann.get("studies/birds/progress/").json() == {"mine": mine, "waiting": 0}
    assert rae.get("studies/birds/progress/").json()["samples"] == {"waiting": 1, "scoring": 2}
    assert root.get("studies/birds/progress/").json()["mine"] is None


def test_two_requests_with_a_new_key_each_leave_one_score(study: Study, ann: Caller) -> None:
    make_sample(study, pictures=["red"])
    assignment = ann.lease()
    answers = [ann.score(assignment, key=uuid4()).status_code for _ in range(2)]
    assert answers == [200, 409]
    assert Score.objects.count() == 1
