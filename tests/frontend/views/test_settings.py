"""Tests of a study's settings: state, protocol with consequences, moving, versions."""

import uuid
from typing import Any

import pytest
from django.test import Client

from annotation.models import Member, Prediction, Protocol, Sample, Study, User
from annotation.releases.test_pool import reserve_pool
from annotation.scoring import leasing, submitting
from annotation.studies import protocols
from tests.factories import make_member, make_sample, make_study, make_user
from tests.judge_run_rows import make_judge_run

pytestmark = pytest.mark.django_db

SETTINGS, RULES = "/studies/birds/settings/", "/studies/birds/settings/rules/"


@pytest.fixture
def study() -> Study:
    study = make_study("birds", k=2)
    for who in ("ann", "ben", "cho"):
        make_member(study, who)
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> Client:
    return client_of(make_user("ada"))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def sent(**changed: Any) -> dict[str, Any]:
    """What the form sends for a study of this file; None: not at all."""
    fields = {
        "annotators_per_sample": "2",
        "decide": "discuss",
        "tolerance": "0",
        "tie_rule": "discuss",
        "cross_review": "none",
        "review_threshold": "",
        "review_share": "",
        "reason_first": "on",
        "discussion_days": "7",
        "suggestions": "none",
        "blind_share": "30",
        "pull_limit": "0.2",
        "work_order": "even",
        "lease_minutes": "30",
        "undo_minutes": "10",
        **changed,
    }
    return {name: value for name, value in fields.items() if value is not None}


def score(study: Study, who: str, value: int) -> None:
    held = leasing.lease_samples(by=make_user(who), slug=study.slug).assignments[0]
    submitting.submit_score(
        by=make_user(who),
        assignment_id=held.public_id,
        client_key=uuid.uuid4(),
        ratings={"TCC": value, "ICC": value, "IQ": value, "ITS": value},
        notes={},
        seconds=10,
    )


def test_the_page_says_in_words_what_the_protocol_will_do(ada: Client) -> None:
    page = text(ada, SETTINGS)
    assert "Two annotators score each sample, none of them knowing of the others." in page
    assert "Any difference is discussed." in page
    assert "After 7 days without agreement the admins decide" in page
    assert "A sample takes 2 different people. Four could score here now." in page
    assert "Nobody has scored yet. The forecast begins with the first sample that has 2 scores." in page


def test_what_the_paper_leaves_open_stands_beside_its_preset(ada: Client) -> None:
    assert "What the paper leaves open" not in text(ada, SETTINGS)
    page = text(ada, SETTINGS + "?preset=paper")
    assert "does not say by how many" in page
    assert "does not say from where on one is high-rated" in page
    assert "nothing has changed until you save it" in page
    assert Protocol.objects.count() == 1


def test_a_preset_fills_the_form_in(ada: Client) -> None:
    page = text(ada, SETTINGS + "?preset=crowd")
    assert 'name="annotators_per_sample" value="5"' in page
    assert "the lower of the middle values is the final one" in page
    assert 'name="annotators_per_sample" value="2"' in text(ada, SETTINGS + "?preset=nonsense")


def test_ada_makes_a_new_version_and_sees_who_changed_what(ada: Client, study: Study) -> None:
    answer = ada.post(RULES, sent(annotators_per_sample="3", cross_review="share", review_share="12.5"))
    assert answer.headers["Location"] == SETTINGS
    made = Protocol.objects.get(study=study, current=True)
    assert (made.version, made.annotators_per_sample, made.review_share) == (2, 3, 0.125)
    page = text(ada, SETTINGS)
    assert "Version 2 of the protocol holds for samples begun from now on." in page
    assert 'annotators per sample <span class="text-quiet">2</span> → 3' in page
    assert 'share reviewed <span class="text-quiet">0 %</span> → 12.5 %' in page
    assert "<td>Ada</td>" in page
    assert 'name="review_share" value="12.5"' in page


def test_saving_what_is_there_already_makes_no_version(ada: Client) -> None:
    ada.post(RULES, sent())
    assert Protocol.objects.count() == 1
    assert "This is the protocol already" in text(ada, SETTINGS)


@pytest.mark.parametrize(
    ("field", "changed", "said"),
    [
        ("tie_rule", {"tolerance": "1"}, "With 2 annotators the middle of two neighbouring values is no level"),
        ("annotators_per_sample", {"annotators_per_sample": "9"}, "4 could score here. Invite 5 more"),
        ("cross_review", {"cross_review": "all", "decide": "aggregate"}, "a review can change nothing"),
        ("review_threshold", {"cross_review": "high", "review_threshold": "7"}, "go from 0 to 5"),
        ("review_share", {"cross_review": "share"}, "More than 0"),
        ("suggestions", {"suggestions": "both", "annotators_per_sample": "1"}, "nobody would be left to meet it"),
        ("blind_share", {"suggestions": "both", "blind_share": "20"}, "greater than or equal to 30"),
        ("pull_limit", {"suggestions": "both", "pull_limit": "0"}, "A number above 0"),
        ("lease_minutes", {"lease_minutes": ""}, "Say for how long."),
        ("annotators_per_sample", {"annotators_per_sample": "many"}, "Enter a whole number"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(
    ada: Client, field: str, changed: dict[str, Any], said: str
) -> None:
    answer = ada.post(RULES, sent(**changed))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page.split(f'id="protocol_{field}_error"')[1].split("</div>")[0]
    assert Protocol.objects.count() == 1


def test_the_consequences_follow_the_form_while_it_is_filled_in(ada: Client) -> None:
    answer = ada.get(RULES + "consequences/", sent(annotators_per_sample="4", tolerance="1"))
    part = " ".join(answer.content.decode().split())
    assert "<html" not in part
    assert "Four annotators score each sample" in part
    assert "Values at most 1 apart pass, and the middle one is final." in part
    assert "would be discussed all the same" in part
    assert Protocol.objects.count() == 1
    half = ada.get(RULES + "consequences/", sent(annotators_per_sample=""))
    assert "Two annotators score each sample" in half.content.decode(), "a field that says nothing counts as it is now"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"annotators_per_sample": "1"}, "The one value given on a dimension is the final one."),
        ({"annotators_per_sample": "3", "tolerance": "5"}, "differences are never discussed by themselves"),
        ({"tolerance": "1", "tie_rule": "third"}, "one more annotator is asked, once. </dd>"),
        ({"tolerance": "1", "tie_rule": "third"}, "2 different people, one more for a tie. Four could"),
        ({"tolerance": "1", "tie_rule": "lower"}, "the lower of the two values around it is final"),
        ({"reason_first": None}, "Everybody sees at once what the others gave, under pseudonyms."),
        ({"discussion_days": ""}, "There is no time limit."),
        ({"undo_minutes": "0"}, "a score cannot be undone"),
        ({"cross_review": "share", "review_share": "5"}, "A random 5 % of the agreed samples goes to somebody new"),
        ({"cross_review": "high", "review_threshold": "4"}, "with at least 4 on every dimension goes to somebody new"),
        ({"suggestions": "delayed"}, "Of every 10 samples 3 are scored by people who do not meet the judge."),
        ({"suggestions": "delayed", "blind_share": "35"}, "Of every 20 samples 7 are scored by people who do not"),
        ({"suggestions": "delayed", "blind_share": "33.3"}, "33.3 % of the samples are scored by people who do not"),
        ({"suggestions": "delayed", "blind_share": ""}, "Of every 10 samples 3"),
        ({"suggestions": "delayed", "blind_share": "100"}, "so it has no effect"),
        (
            {"suggestions": "delayed"},
            "On the others, too, one does not meet it, so that there is somebody to compare with",
        ),
        ({"suggestions": "delayed"}, "They lock their own values first, then see the judge’s beside them"),
        (
            {"suggestions": "prefilled"},
            "They find the judge’s values marked beforehand and answer each dimension by hand.",
        ),
        ({"suggestions": "both"}, "Drawn per sample, they either lock their own values first"),
        ({"suggestions": "both", "pull_limit": "0.1"}, "more than 0.1 of the way to the judge’s value"),
        ({"suggestions": "both"}, "A test pool of 25 % of the questions is reserved with this"),
        ({"work_order": "disputed"}, "those that are likely to be disputed come first; every fifth is drawn at random"),
        ({"work_order": "label_next"}, "those that would teach a judge most come first"),
        ({"annotators_per_sample": "4"}, "If one of them is away, samples wait. Counted in is 1 admin"),
    ],
)
def test_every_rule_has_its_consequence_in_words(ada: Client, changed: dict[str, Any], said: str) -> None:
    part = " ".join(ada.get(RULES + "consequences/", sent(**changed)).content.decode().split())
    assert said.replace(" </dd>", "") in part


def test_the_page_says_from_when_on_people_meet_a_judge(ada: Client, study: Study) -> None:
    asked = sent(suggestions="delayed")
    assert "No judge is active" not in text(ada, SETTINGS)
    part = ada.get(RULES + "consequences/", asked).content.decode()
    assert "begin once a judge is active and has judged the study" in part
    assert 'href="/studies/birds/judges/"' in part
    sample, _ = make_sample(study, pictures=["red"]), make_sample(study, pictures=["green"])
    run = make_judge_run(study, active=True, samples=[])
    part = ada.get(RULES + "consequences/", asked).content.decode()
    assert f"Run {run.number} is the active judge and has judged no sample yet." in part
    Prediction.objects.create(run=run, sample=sample, status="ok", dimensions={})
    part = " ".join(ada.get(RULES + "consequences/", asked).content.decode().split())
    assert f">run {run.number}</a>, which has judged 1 of 2 samples." in part


def test_a_pool_that_is_reserved_is_told_with_its_own_share(ada: Client, study: Study) -> None:
    reserve_pool(by=None, study=study, share=0.4)
    part = " ".join(ada.get(RULES + "consequences/", sent(suggestions="both")).content.decode().split())
    assert "Nobody meets the judge on the test pool either, 40 % of the questions." in part
    assert "is reserved with this" not in part


def test_ada_lets_people_meet_a_judge_and_sees_what_that_changed(ada: Client, study: Study) -> None:
    rules = {"suggestions": "delayed", "blind_share": "40", "pull_limit": "0.1", "work_order": "disputed"}
    assert ada.post(RULES, sent(**rules)).headers["Location"] == SETTINGS
    made = Protocol.objects.get(study=study, current=True)
    assert (made.suggestions, made.blind_share, made.pull_limit, made.work_order) == ("delayed", 0.4, 0.1, "disputed")
    page = text(ada, SETTINGS)
    assert "a judge’s values are shown on at most 60 % of them." in page
    assert 'the judge’s values <span class="text-quiet">not shown</span> → after own ones' in page
    assert 'samples without the judge <span class="text-quiet">30 %</span> → 40 %' in page
    assert 'first come <span class="text-quiet">all alike</span> → the likely disputed' in page
    assert 'name="blind_share" value="40"' in page


def test_a_tolerance_below_the_distance_of_levels_is_told_to_be_none(ada: Client, study: Study) -> None:
    Protocol.objects.update(tolerance=0.5)
    assert "No two levels are as close as 0.5" in text(ada, SETTINGS)


def test_the_forecast_shows_each_tolerance_and_what_it_rests_on(ada: Client, study: Study) -> None:
    for value in (3, 4, 5):
        make_sample(study, f"Answer {value}.", ["red"])
        score(study, "ann", 3)
        score(study, "ben", value)
    page = text(ada, SETTINGS)
    table = page.split('<table class="forecast">')[1].split("</table>")[0]
    assert [row.split("</th>")[0][0] for row in table.split('<th scope="row">')[1:]] == ["0", "1", "2", "3"]
    assert "67 %" in table
    assert "From the scores of 3 samples drawn at random, for all 3." in page
    assert "60 seconds a score, assumed: too few were timed" in page


def test_moving_is_shown_before_it_is_done(ada: Client, study: Study) -> None:
    for number in range(2):
        make_sample(study, f"Answer {number}.", ["red"])
        score(study, "ann", 3)
    assert "Every sample that is being scored follows the protocol as it is now." in text(ada, SETTINGS)
    protocols.change_protocol(by=make_user("ada"), study=study, annotators_per_sample=1)
    page = text(ada, SETTINGS)
    assert "2 samples were begun under an older version" in page
    assert "2 have all the scores that version asks for and are decided at once." in page
    assert "2 scores that are still open are asked for no more." in page
    assert ada.post(RULES + "move/").headers["Location"] == SETTINGS
    assert set(Sample.objects.values_list("state", flat=True)) == {"agreed"}
    assert "2 samples were moved." in text(ada, SETTINGS)
    ada.post(RULES + "move/")
    assert "There was nothing to move." in text(ada, SETTINGS)


def test_moving_many_is_long_work_that_can_be_watched(
    ada: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocols, "MOVED_AT_ONCE", 0)
    make_sample(study, pictures=["red"])
    score(study, "ann", 3)
    protocols.change_protocol(by=make_user("ada"), study=study, annotators_per_sample=1)
    address = ada.post(RULES + "move/").headers["Location"]
    assert "Moving samples to the protocol" in text(ada, address)
    page = text(ada, SETTINGS)
    assert f'Samples are being moved. <a href="{address}">' in page
    assert "Move 1 sample" not in page


def test_somebody_at_work_on_a_sample_that_is_taken_back_is_told_beforehand(ada: Client, study: Study) -> None:
    make_sample(study, pictures=["red"])
    score(study, "ann", 3)
    leasing.lease_samples(by=make_user("ben"), slug=study.slug)
    protocols.change_protocol(by=make_user("ada"), study=study, annotators_per_sample=1)
    assert "1 sample is being scored by somebody now and is taken from them." in text(ada, SETTINGS)


def test_a_draft_is_not_started_without_the_people_it_takes(ada: Client, study: Study) -> None:
    Study.objects.update(state="draft")
    Member.objects.filter(name__in=("Ben", "Cho")).update(state="left")
    Protocol.objects.update(annotators_per_sample=3)
    page = text(ada, SETTINGS)
    assert "Before the study can start" in page
    assert "2 could score, a sample may take 3" in page
    answer = ada.post(SETTINGS + "start/")
    assert answer.status_code == 409
    assert "Invite 1 more" in answer.content.decode().split('id="id_state_error"')[1].split("</div>")[0]
    sent_again = {"title": "Birds", "instructions": "", "state": "running"}
    assert ada.post(SETTINGS, sent_again).status_code == 409
    assert Study.objects.get().state == "draft"
    Member.objects.filter(name="Ben").update(state="active")
    assert ada.post(SETTINGS + "start/").headers["Location"] == "/studies/birds/"
    assert Study.objects.get().state == "running"


def test_those_who_only_score_see_nothing_of_it(study: Study) -> None:
    ann = client_of(make_user("ann"))
    assert ann.get(SETTINGS).status_code == 403
    assert ann.get(RULES + "consequences/", sent()).status_code == 403
    assert ann.post(RULES, sent(annotators_per_sample="3")).status_code == 403
    assert ann.post(RULES + "move/").status_code == 403
    assert ann.post(SETTINGS + "start/").status_code == 403
    assert Protocol.objects.count() == 1


def test_people_says_what_somebody_leaving_means_for_discussions(ada: Client, study: Study) -> None:
    make_sample(study, pictures=["red"])
    score(study, "ann", 3)
    score(study, "ben", 5)
    ben = Member.objects.get(user__username="ben")
    address = f"/studies/birds/people/{ben.public_id}/"
    assert "cannot close by itself" not in text(ada, "/studies/birds/people/")
    page = text(ada, address)
    assert "Takes part in 1 open discussion." in page
    assert f'/studies/birds/discussions/?waits_for={ben.public_id}">1 waits for their answer' in page
    assert "Paused or gone they cannot answer" in page
    ada.post(address, {"role": "annotator", "state": "paused"})
    assert "They cannot answer now" in text(ada, address)
    page = text(ada, "/studies/birds/people/")
    assert "1 open discussion has somebody in it who is paused" in page
    assert "/studies/birds/discussions/?people=away" in page
    cho = Member.objects.get(user__username="cho")
    assert "Takes part in no open discussion" in text(ada, f"/studies/birds/people/{cho.public_id}/")
