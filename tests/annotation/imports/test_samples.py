"""Samples come in: good lines are kept, bad ones named, the same again changes nothing."""

import json
import os

import pytest

from annotation.core.errors import NotAllowed, NotFound
from annotation.models import FinalScore, HistoryEntry, Picture, Question, Sample, SampleContent, SamplePicture
from annotation.scoring import leases, leasing
from annotation.studies import rubrics
from tests.factories import make_member, make_rubric, make_study, make_user

from .importing import (
    import_sample_file,
    import_score_file,
    line_counts,
    make_picture,
    rejected_lines,
    sample_line,
    text_lines,
    write_picture,
    write_samples,
    write_scores,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return make_study()


def read_rows():
    """What an import could change, as plain values."""
    return (
        list(Sample.objects.order_by("pk").values()),
        list(SampleContent.objects.order_by("pk").values()),
        list(SamplePicture.objects.order_by("pk").values()),
        list(Picture.objects.order_by("pk").values()),
        list(Question.objects.order_by("pk").values()),
        list(FinalScore.objects.order_by("pk").values()),
        list(HistoryEntry.objects.order_by("pk").values()),
    )


def test_a_line_becomes_a_waiting_sample_with_all_that_it_says(study, tmp_path):
    write_picture(tmp_path / "pics" / "a.png")
    about = {"generator": "g", "domain": "d", "category": "c", "topic": "t", "language": "en"}
    path = write_samples(tmp_path, sample_line("a", image="pics/a.png", question_id="q1", metadata={"x": [1]}, **about))
    assert line_counts(import_sample_file(study, path)) == (1, 0, 0, 0)
    sample = Sample.objects.get()
    assert {name: getattr(sample, name) for name in about} == about
    assert (sample.state, sample.stage, sample.has_text, sample.has_image) == ("waiting", 1, True, True)
    assert (sample.external_id, sample.question.key) == ("a", "q1")
    assert sample.content.turns == [
        {"question": "Why a?", "context": False, "blocks": [{"text": "So a."}, {"picture": 0}]}
    ]
    assert sample.content.metadata == {"x": [1]}
    place = sample.pictures.get()
    assert (place.source_name, place.position, place.picture.width) == ("pics/a.png", 0, 64)


def test_turns_are_kept_in_order_and_context_is_not_what_is_judged(study, tmp_path):
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name, size=(30 if name == "a.png" else 40, 20))
    turns = [
        {"question": "One?", "blocks": [{"image": "b.png"}, {"text": "1"}], "context": True},
        {"question": "Two?", "blocks": [{"text": "2"}, {"text": "3"}]},
    ]
    import_sample_file(
        study,
        write_samples(tmp_path, {"id": "a", "turns": turns}, sample_line("b", answer=None, images=["b.png", "a.png"])),
    )
    first, second = Sample.objects.order_by("external_id")
    assert (first.has_text, first.has_image) == (True, False)
    assert first.content.turns[0] == {"question": "One?", "context": True, "blocks": [{"picture": 0}, {"text": "1"}]}
    assert [place.picture.width for place in second.pictures.all()] == [40, 30]


def test_samples_of_one_question_belong_together_by_its_id_or_by_its_words(study, tmp_path):
    lines = [
        sample_line("a", question="Why  do birds\nsing?"),
        sample_line("b", question="Why do birds sing?"),
        sample_line("c", question_id="q1"),
        sample_line("d", question_id="q1"),
        sample_line("e"),
    ]
    import_sample_file(study, write_samples(tmp_path, *lines))
    keys = dict(Sample.objects.values_list("external_id", "question"))
    assert keys["a"] == keys["b"]
    assert keys["c"] == keys["d"]
    assert len(set(keys.values())) == 3


def test_good_lines_are_kept_and_every_bad_one_is_named_by_line_and_field(study, tmp_path):
    outside = write_picture(tmp_path / "outside.png")
    folder = tmp_path / "pics"
    write_picture(folder / "good.png")
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes(make_picture()[:-40])
    (folder / "cut.jpg").write_bytes(make_picture("JPEG", (400, 300))[:-2000])
    (folder / "old.bmp").write_bytes(make_picture("BMP"))
    (folder / "link.png").symlink_to(outside)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    lines = [
        (sample_line("ok", image="good.png"), None),
        (b"{broken", ""),
        (b"", None),
        (sample_line("typo", anwser="x"), "anwser"),
        (sample_line("ok"), "id"),
        *(
            (sample_line(f"bad{n}", image=name), "image")
            for n, name in enumerate(
                [
                    "missing.png",
                    "text.png",
                    "cut.png",
                    "cut.jpg",
                    "old.bmp",
                    "link.png",
                    "loop.png",
                    "folder.png",
                    "pipe.png",
                    "../outside.png",
                    str(outside),
                    "x/../../outside.png",
                    "C:\\outside.png",
                    "https://example.org/a.png",
                    "a" * 290 + "/b.png",
                    ".",
                ]
            )
        ),
        (sample_line("some", image=None, images=["good.png", "missing.png"]), "images[1]"),
        (sample_line("last"), None),
    ]
    report = import_sample_file(study, write_samples(tmp_path, *(raw for raw, _ in lines)), images=folder)
    expected = [(n, field) for n, (_, field) in enumerate(lines, 1) if field is not None]
    assert rejected_lines(report) == expected
    assert line_counts(report) == (2, 0, 0, len(expected))
    assert sorted(Sample.objects.values_list("external_id", flat=True)) == ["last", "ok"]
    assert Picture.objects.count() == 1


def test_pictures_that_are_too_large_are_refused_before_they_are_decoded(study, tmp_path, settings):
    write_picture(tmp_path / "wide.png", size=(2000, 2000))
    write_picture(tmp_path / "heavy.bmp.png", size=(60, 60), compress_level=0)
    settings.PICTURE_MAX_PIXELS = 1_000_000
    settings.PICTURE_MAX_BYTES = 10_000_000
    path = write_samples(tmp_path, sample_line("a", image="wide.png"), sample_line("b", image="heavy.bmp.png"))
    (error,) = import_sample_file(study, path).errors
    assert "2,000 × 2,000 pixels" in error.message
    settings.PICTURE_MAX_BYTES = 1000
    report = import_sample_file(make_study("other"), path)
    assert [("bytes" in error.message) for error in report.errors] == [True, True]


@pytest.mark.one_database
def test_a_decompression_bomb_is_refused_as_too_large(study, tmp_path):
    from PIL import Image

    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    (error,) = import_sample_file(study, write_samples(tmp_path, sample_line("a", image="bomb.png"))).errors
    assert "pixels" in error.message


def test_the_same_file_again_changes_nothing(study, tmp_path):
    write_picture(tmp_path / "a.png")
    path = write_samples(
        tmp_path, sample_line("a", image="a.png", labels=[5, 4, 3, 2]), sample_line("b"), sample_line("c", answer=None)
    )
    assert line_counts(import_sample_file(study, path)) == (3, 0, 0, 0)
    before = read_rows()
    assert line_counts(import_sample_file(study, path)) == (0, 0, 3, 0)
    assert line_counts(import_sample_file(study, path, update=True)) == (0, 0, 3, 0)
    assert read_rows() == before


def test_a_picture_under_another_name_is_the_same_picture(study, tmp_path):
    write_picture(tmp_path / "a.png")
    import_sample_file(study, write_samples(tmp_path, sample_line("a", image="a.png")))
    write_picture(tmp_path / "b.png")
    assert line_counts(import_sample_file(study, write_samples(tmp_path, sample_line("a", image="b.png")))) == (
        0,
        0,
        1,
        0,
    )
    assert Picture.objects.count() == 1


def test_a_dry_run_tells_the_same_and_stores_nothing(study, tmp_path, settings):
    write_picture(tmp_path / "a.png")
    import_sample_file(study, write_samples(tmp_path, sample_line("there"), sample_line("changed")))
    path = write_samples(
        tmp_path,
        sample_line("new", image="a.png"),
        sample_line("there"),
        sample_line("changed", answer="otherwise"),
        sample_line("bad", image="no.png"),
        sample_line("new"),
        sample_line("labelled", labels=[1, 2]),
        b"[]",
    )
    before, files = read_rows(), sorted(tmp_path.rglob("*"))
    for update in (False, True):
        dry = import_sample_file(study, path, update=update, dry_run=True)
        assert read_rows() == before
        assert sorted(tmp_path.rglob("*")) == files
    real = import_sample_file(study, path, update=True)
    assert line_counts(real) == line_counts(dry) == (1, 1, 1, 4)
    assert list(real.errors) == list(dry.errors)


def test_a_dry_run_for_a_study_that_does_not_exist_tells_what_would_happen(tmp_path):
    path = write_samples(tmp_path, sample_line("a"), sample_line("a"), sample_line("b", labels=[1, 2, 3]))
    report = import_sample_file(None, path, rubric=rubrics.preview_rubric("interleaved-answer"), dry_run=True)
    assert line_counts(report) == (1, 0, 0, 2)
    assert not Sample.objects.exists()


class TestChanged:
    @pytest.fixture
    def path(self, study, tmp_path):
        write_picture(tmp_path / "a.png")
        import_sample_file(study, write_samples(tmp_path, sample_line("a")))
        return write_samples(
            tmp_path, sample_line("a", answer="Otherwise.", image="a.png", generator="g2", question_id="q")
        )

    def test_a_changed_sample_is_refused_with_the_option_that_would_take_it(self, study, path):
        (error,) = import_sample_file(study, path).errors
        assert (error.line, error.field) == (1, "id")
        assert "--update" in error.message

    def test_on_request_it_replaces_what_nobody_has_scored(self, study, path):
        before = Sample.objects.get()
        assert line_counts(import_sample_file(study, path, update=True)) == (0, 1, 0, 0)
        after = Sample.objects.get()
        assert (after.pk, after.public_id, after.state) == (before.pk, before.public_id, "waiting")
        assert (after.generator, after.has_image, after.question.key) == ("g2", True, "q")
        assert after.content.turns[0]["blocks"] == [{"text": "Otherwise."}, {"picture": 0}]
        assert after.pictures.count() == 1
        assert HistoryEntry.objects.filter(sample=after, event="content_replaced").count() == 1
        assert line_counts(import_sample_file(study, path, update=True)) == (0, 0, 1, 0)

    def test_what_ann_is_scoring_is_left_alone_until_her_lease_ends(self, study, path):
        member = make_member(study, "ann")
        leasing.lease_samples(by=make_user("ann"), slug=study.slug)
        (error,) = import_sample_file(study, path, update=True).errors
        assert "lease" in error.message
        leases.release_member_leases(member=member)
        assert line_counts(import_sample_file(study, path, update=True)) == (0, 1, 0, 0)
        assert (Sample.objects.get().state, Sample.objects.get().stage) == ("scoring", 2)

    def test_what_has_been_scored_is_never_replaced(self, study, path, tmp_path):
        import_score_file(study, write_scores(tmp_path, "a,ann,TCC,3,1,,"))
        (error,) = import_sample_file(study, path, update=True).errors
        assert "scored" in error.message
        assert "So a." in json.dumps(SampleContent.objects.get().turns)


class TestDecidedWithoutAnnotators:
    def finals(self, name):
        rows = FinalScore.objects.filter(sample__external_id=name, current=True).order_by("dimension__position")
        return [(row.level.value if row.level else None, row.outcome, row.label_origin) for row in rows]

    def test_labels_become_final_scores_and_nobody_is_asked(self, study, tmp_path):
        write_picture(tmp_path / "a.png")
        lines = [
            sample_line("list", image="a.png", labels=[5, 4, 3, 2]),
            sample_line("object", image="a.png", labels={"ITS": 2, "TCC": 5, "ICC": 4, "IQ": 3}),
        ]
        import_sample_file(study, write_samples(tmp_path, *lines))
        for name in ("list", "object"):
            sample = Sample.objects.get(external_id=name)
            assert (sample.state, sample.stage) == ("agreed", 0)
            assert self.finals(name) == [(value, "imported", "imported") for value in (5, 4, 3, 2)]
        study.rubric.refresh_from_db()
        assert study.rubric.frozen_at is not None

    def test_what_follows_from_a_missing_side_need_not_be_labelled(self, study, tmp_path):
        import_sample_file(
            study,
            write_samples(tmp_path, sample_line("a", labels={"TCC": 5}), sample_line("b", labels=[5, 0, None, 0])),
        )
        rule = (0, "by_rule", "imported")
        assert self.finals("a") == self.finals("b") == [(5, "imported", "imported"), rule, rule, rule]

    @pytest.mark.parametrize(
        ("labels", "field"),
        [
            ([5, 4, 3], "labels"),
            ([5, 4, 3, 2, 1], "labels"),
            ({"XXX": 1}, "labels"),
            ([2.5, 4, 3, 2], "labels.TCC"),
            ([99, 4, 3, 2], "labels.TCC"),
            ([-3, 4, 3, 2], "labels.TCC"),
            ([None, 4, 3, 2], "labels.TCC"),
            ({"TCC": 5, "ICC": 4, "IQ": 3}, "labels.ITS"),
        ],
    )
    def test_labels_that_do_not_fit_the_rubric_are_refused(self, study, tmp_path, labels, field):
        write_picture(tmp_path / "a.png")
        report = import_sample_file(study, write_samples(tmp_path, sample_line("a", image="a.png", labels=labels)))
        assert rejected_lines(report) == [(1, field)]

    def test_a_label_that_contradicts_a_missing_side_is_refused(self, study, tmp_path):
        report = import_sample_file(study, write_samples(tmp_path, sample_line("a", labels=[5, 3, 0, 0])))
        assert rejected_lines(report) == [(1, "labels.ICC")]

    def test_with_both_sides_missing_the_rule_decides(self, study, tmp_path):
        import_sample_file(study, write_samples(tmp_path, sample_line("a", answer="null", image="")))
        assert (Sample.objects.get().state, Sample.objects.get().stage) == ("agreed", 0)
        assert self.finals("a") == [(0, "by_rule", "blind")] * 4

    def test_where_the_rubric_says_not_applicable_the_rule_gives_no_level(self, tmp_path):
        study = make_study(rubric=make_rubric("plain", missing=None))
        import_sample_file(study, write_samples(tmp_path, sample_line("a", answer=None)))
        assert self.finals("a") == [(None, "by_rule", "blind")] * 4

    def test_a_sample_that_lacks_the_only_side_that_counts_is_never_assigned(self, tmp_path):
        study = make_study(rubric=make_rubric("looks", dimensions=[("IQ", "Image quality", ["image"])], missing=None))
        import_sample_file(study, write_samples(tmp_path, sample_line("a")))
        assert Sample.objects.get().stage == 0

    def test_a_question_without_an_answer_waits_where_questions_are_scored(self, tmp_path):
        study = make_study(rubric=rubrics.get_or_load("question-quality"))
        import_sample_file(study, write_samples(tmp_path, sample_line("a", answer=None)))
        assert Sample.objects.get().stage == 1

    def test_an_answer_that_came_later_is_opened_on_request(self, study, tmp_path):
        import_sample_file(study, write_samples(tmp_path, sample_line("a", answer=None)))
        assert line_counts(import_sample_file(study, write_samples(tmp_path, sample_line("a")), update=True)) == (
            0,
            1,
            0,
            0,
        )
        assert (Sample.objects.get().state, Sample.objects.get().stage) == ("waiting", 1)
        assert self.finals("a") == []

    def test_corrected_labels_are_a_new_version(self, study, tmp_path):
        import_sample_file(study, write_samples(tmp_path, sample_line("a", labels=[5, 0, 0, 0])))
        import_sample_file(study, write_samples(tmp_path, sample_line("a", labels=[4, 0, 0, 0])), update=True)
        assert self.finals("a")[0][0] == 4
        rows = FinalScore.objects.filter(dimension__key="TCC").order_by("version")
        assert [(row.version, row.current, row.level.value) for row in rows] == [(1, False, 5), (2, True, 4)]


def test_many_lines_go_in_by_pieces(study, tmp_path):
    calls = []
    path = write_samples(tmp_path, *text_lines(f"s{n}" for n in range(2500)), sample_line("s7"))
    report = import_sample_file(study, path, progress=lambda done, total, activity: calls.append((done, total)))
    assert line_counts(report) == (2500, 0, 0, 1)
    assert rejected_lines(report) == [(2501, "id")]
    assert calls == [(1000, 2501), (2000, 2501), (2501, 2501)]


def test_an_import_that_was_stopped_is_taken_up_where_it_stopped(study, tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, total, activity):
        raise Stopped

    path = write_samples(tmp_path, *text_lines(f"s{n}" for n in range(1500)))
    with pytest.raises(Stopped):
        import_sample_file(study, path, progress=stop)
    assert Sample.objects.count() == 1000
    assert line_counts(import_sample_file(study, path)) == (500, 0, 1000, 0)


def test_studies_do_not_see_each_others_samples(study, tmp_path):
    path = write_samples(tmp_path, sample_line("a"))
    assert (
        line_counts(import_sample_file(study, path))
        == line_counts(import_sample_file(make_study("other"), path))
        == (1, 0, 0, 0)
    )


def test_only_who_leads_the_study_imports_into_it(study, tmp_path):
    from annotation.imports.samples import import_samples

    make_member(study, "ann")
    make_member(study, "ada", "admin")
    path = write_samples(tmp_path, sample_line("a"))
    with pytest.raises(NotFound):
        import_samples(by=make_user("sam"), study=study, path=path)
    with pytest.raises(NotAllowed):
        import_samples(by=make_user("ann"), study=study, path=path)
    assert import_samples(by=make_user("ada"), study=study, path=path).created == 1
