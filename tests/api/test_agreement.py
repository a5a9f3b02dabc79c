"""Agreement and annotators by the API: stored figures with their age, and a job for newer ones."""

import pytest

from annotation.models import Job, Member, Study
from annotation.reports import stored_reports
from tests.factories import make_sample

from .caller import GOOD, Caller, fields, refusal
from .discussing import give_reasons, make_dispute, move

pytestmark = pytest.mark.django_db
ADDRESSES = ("studies/birds/agreement/", "studies/birds/annotators/")


@pytest.fixture
def scored(study: Study, ann: Caller, ben: Caller) -> None:
    """Ann and Ben disagree on one sample and come together, and agree on two."""
    case = make_dispute(study, ann, ben, generator="gpt")
    for caller in (ann, ben):
        give_reasons(caller, case)
    assert move(ben, case, IQ=2, ITS=1).json()["state"] == "closed"
    for number in range(2):
        make_sample(study, pictures=["red"], generator="emu")
        for caller in (ann, ben):
            assert caller.score(caller.lease(), {**GOOD, "TCC": number}, seconds=20).status_code == 200


@pytest.mark.usefixtures("scored")
def test_before_the_first_calculation_there_is_nothing_and_it_says_so(ada: Caller) -> None:
    shown = ada.get("studies/birds/agreement/").json()
    assert (shown["study"], shown["level"], shown["round"]) == ("birds", "ordinal", 1)
    assert (shown["rows"], shown["moved"], shown["made_at"], shown["stale"]) == ([], [], None, True)
    shown = ada.get("studies/birds/annotators/").json()
    assert (shown["rows"], shown["made_at"], shown["stale"]) == ([], None, True)


@pytest.mark.usefixtures("scored")
def test_agreement_comes_per_dimension_with_its_level_named(study: Study, ada: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    shown = ada.get("studies/birds/agreement/?level=interval").json()
    assert (shown["stale"], shown["job"], shown["level"]) == (False, None, "interval")
    assert [row["dimension"] for row in shown["rows"]] == ["TCC", "ICC", "IQ", "ITS"]
    content, _, quality, _ = shown["rows"]
    assert (content["alpha"], content["exact"], content["samples"], content["ratings"]) == (1, 1, 3, 6)
    assert (quality["level"], quality["range_two"]) == ("interval", 1)
    assert quality["exact"] == pytest.approx(2 / 3)
    assert quality["kappa"][0]["pair"] == ["Ann", "Ben"]
    (moved,) = [row for row in shown["moved"] if row["dimension"] == "IQ"]
    assert (moved["cases"], moved["moved"], moved["down"], moved["reasons"]) == (1, 1, 1, {"convinced": 1})
    assert [(each["from"], each["to"]) for each in moved["whom"]] == [("Ben", "Ann")]
    assert [(each["from"], each["to"], each["n"]) for each in shown["pairwise"]] == [("Ben", "Ann", 2)]


@pytest.mark.usefixtures("scored")
def test_agreement_by_generator_has_a_row_per_group(study: Study, ada: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    shown = ada.get("studies/birds/agreement/?by=generator").json()
    assert [(row["group"], row["dimension"]) for row in shown["rows"]][::4] == [
        ({"generator": "emu"}, "TCC"),
        ({"generator": "gpt"}, "TCC"),
    ]
    one_sample = next(row for row in shown["rows"] if row["group"] == {"generator": "gpt"})
    assert one_sample["alpha"] is None
    assert one_sample["undefined"]


@pytest.mark.usefixtures("scored")
def test_annotators_come_with_what_sets_them_apart(study: Study, ada: Caller, ann_member: Member) -> None:
    stored_reports.refresh_reports(study=study)
    rows = ada.get("studies/birds/annotators/").json()["rows"]
    assert {row["annotator"] for row in rows} == {"Ann", "Ben"}
    (mine,) = [row for row in rows if row["member"] == ann_member.public_id and row["dimension"] == "IQ"]
    assert (mine["n"], mine["shared"], mine["noteworthy"]) == (3, 3, None)
    assert mine["bias"] == pytest.approx(-2 / 3)


@pytest.mark.usefixtures("scored")
def test_researchers_read_figures_under_pseudonyms_and_annotators_none(
    study: Study, rae: Caller, ann: Caller, sam: Caller
) -> None:
    stored_reports.refresh_reports(study=study)
    for address in ADDRESSES:
        text = rae.get(address).content.decode()
        assert "Ann" not in text
        assert "Ben" not in text
        assert f"R-{Member.objects.get(user__username='ben').public_id}" in text
        assert refusal(ann.get(address)) == (403, "not_allowed")
        assert refusal(sam.get(address)) == (404, "not_found")
    assert refusal(rae.post(ADDRESSES[0])) == (403, "not_allowed")
    assert refusal(ann.post(ADDRESSES[0])) == (403, "not_allowed")
    assert not Job.objects.exists()


@pytest.mark.usefixtures("scored")
def test_a_calculation_is_a_job_and_asking_twice_is_asking_once(ada: Caller) -> None:
    answers = [ada.post("studies/birds/agreement/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    (job,) = Job.objects.all()
    assert {answer.json()["id"] for answer in answers} == {job.public_id}
    assert answers[0].headers["Location"] == f"/api/jobs/{job.public_id}/"
    assert [ada.get(address).json()["job"] for address in ADDRESSES] == [job.public_id] * 2
    assert fields(ada.post("studies/birds/agreement/", {"draws": 5})) == {"draws"}


@pytest.mark.usefixtures("scored")
def test_figures_say_when_something_has_happened_since(study: Study, ada: Caller, ann: Caller) -> None:
    stored_reports.refresh_reports(study=study)
    assert ada.get("studies/birds/agreement/").json()["stale"] is False
    make_sample(study, pictures=["red"])
    ann.score(ann.lease(), GOOD)
    assert ada.get("studies/birds/agreement/").json()["stale"] is True


def test_only_what_is_known_can_be_asked_for(study: Study, ada: Caller) -> None:
    assert fields(ada.get("studies/birds/agreement/?level=ratio")) == {"level"}
    assert fields(ada.get("studies/birds/agreement/?by=annotator")) == {"by"}
    assert fields(ada.get("studies/birds/agreement/?round=2")) == {"round"}


@pytest.mark.usefixtures("scored")
def test_reading_figures_takes_as_many_statements_however_many_there_are(
    study: Study, ada: Caller, django_assert_max_num_queries
) -> None:
    stored_reports.refresh_reports(study=study)
    for address in ADDRESSES:
        with django_assert_max_num_queries(9):
            assert ada.get(address).status_code == 200
