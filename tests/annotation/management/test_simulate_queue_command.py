"""The command that plays a finished study again: its object for programs, its table for people, the judge in it."""

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.core.errors import WorkflowError
from annotation.judges.judge_session import JudgeSession
from annotation.models import Score, Study
from annotation.simulation import replay_data
from tests.annotation.imports.importing import (
    import_sample_file,
    import_score_file,
    sample_line,
    write_samples,
    write_scores,
)
from tests.factories import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judge_dir")]
SENTENCE = "The river rose in the night and the bridge gave way. "


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """60 answers of 20 questions, scored by Ann, Ben and Cho on TCC; Cho alone thinks the long ones padded."""
    study = make_study()
    chance = random.Random(1)
    samples, rows = [], []
    for number in range(60):
        long = number % 3 == 0
        text = SENTENCE * (chance.randint(12, 15) if long else chance.randint(1, 4))
        samples.append(sample_line(f"s{number}", answer=text, question_id=f"q{number // 3}"))
        for name in ("Ann", "Ben", "Cho"):
            value = chance.choice([1, 2]) if long and name == "Cho" else chance.choice([4, 5])
            rows.append(f"s{number},{name},TCC,{value},1,,")
    import_sample_file(study, write_samples(tmp_path, *samples))
    import_score_file(study, write_scores(tmp_path, *rows))
    return study


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("simulate_queue", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_a_program_gets_one_object_and_nothing_else(study):
    found = json.loads(told("birds", "--no-judge", "--json", "--seeds", "2", "--dimension", "TCC"))
    assert {name: found[name] for name in ("study", "seeds", "judge", "until")} == {
        "study": "birds",
        "seeds": 2,
        "judge": False,
        "until": 1.0,
    }
    (row,) = found["rows"]
    assert (row["dimension"], row["raters"], row["undefined"]) == ("TCC", 3, None)
    assert row["base_rate"] == pytest.approx(1 / 3, abs=0.05)
    assert list(row["policies"]) == ["disputed", "label_next", "audit", "random"]
    for one in row["policies"].values():
        assert {"found_at_fifth", "times_its_share", "found", "auroc", "brier", "open", "precision", "rmse"} <= set(one)
        assert one["found"][-1] == {"work": 1.0, "mean": 1.0, "interval": [1.0, 1.0]}
        assert one["rmse"] == []
    assert row["best"]["found_at_fifth"]["mean"] > row["policies"]["random"]["found_at_fifth"]["mean"]
    assert row["met"] in (True, False)


def test_the_same_seeds_give_the_same_object(study):
    arguments = ("birds", "--no-judge", "--json", "--seeds", "2", "--dimension", "TCC", "--until", "0.3")
    assert told(*arguments) == told(*arguments)


def test_people_get_a_table_and_are_told_what_cannot_be_replayed(study):
    text = told("birds", "--no-judge", "--seeds", "2", "--until", "0.2", "--queue", "disputed")
    assert "on people's scores alone: after 20 % of the work" in text
    assert "TCC" in text
    assert "best" in text
    assert "IQ: Only 0 samples have 2 scores; a replay needs 20." in text


def test_a_judge_learns_along_and_is_held_to_what_nobody_scored(study):
    """Long answers divide people, which the judge finds in their texts, and foresight with it."""
    arguments = ("birds", "--json", "--seeds", "2", "--dimension", "TCC", "--queue", "disputed")
    found = json.loads(told(*arguments))
    assert found["judge"] is True
    disputed = found["rows"][0]["policies"]["disputed"]
    assert [point["work"] for point in disputed["rmse"]] == [0.05, 0.1, 0.2, 0.4, 0.7, 1.0]
    assert disputed["rmse"][-1]["mean"] < 0.7
    assert disputed["times_its_share"] > 1.3


def test_only_independent_scores_are_played_again(study):
    everything = replay_data.read_finished_study(study)
    assert [len(one.samples) for one in everything.ratings] == [60, 0, 0, 0]
    Score.objects.filter(sample__external_id="s7", member__name="Ben").update(voided_at="2026-01-01T00:00Z")
    ratings = replay_data.read_finished_study(study).ratings[0]
    assert sorted(len(people) for people, _ in ratings.samples.values()) == [2] + [3] * 59
    assert ratings.most_common_raters() == 3
    dimension, keys = everything.draw_dimension(ratings, 3, seed=1)
    assert len(keys) == len(dimension.names) == 59
    assert "s7" not in dimension.names


def test_of_more_raters_some_are_drawn_for_each_sample(study):
    everything = replay_data.read_finished_study(study)
    first, second = (everything.draw_dimension(everything.ratings[0], 2, seed=seed)[0] for seed in (1, 2))
    assert first.values.shape == (60, 2)
    assert (first.people != second.people).any()
    ratings = everything.ratings[0].samples
    for row, key in enumerate(sorted(ratings)):
        people, values = ratings[key]
        assert len(set(first.people[row].tolist())) == 2
        said = dict(zip(people, values, strict=True))
        assert [said[who] for who in first.people[row].tolist()] == first.values[row].tolist()


def test_unless_told_otherwise_as_many_scores_count_as_the_protocol_asks_for(study):
    study.protocols.update(annotators_per_sample=2)
    arguments = ("birds", "--no-judge", "--json", "--seeds", "1", "--dimension", "TCC", "--until", "0.2")
    assert json.loads(told(*arguments))["rows"][0]["raters"] == 2
    assert json.loads(told(*arguments, "--raters", "3"))["rows"][0]["raters"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nests",), "There is no study"),
        (("birds", "--dimension", "FL"), "FL is no dimension here; they are TCC, ICC, IQ, ITS."),
        (("birds", "--seeds", "0"), "--seeds"),
        (("birds", "--raters", "1"), "--raters"),
        (("birds", "--until", "0.1"), "--until"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_words(study, arguments, said):
    with pytest.raises(CommandError, match=said):
        told(*arguments, "--no-judge")


def test_a_judge_that_ends_in_the_middle_is_told_of_with_its_last_words(tmp_path: Path, settings: Any):
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\necho "{\\"samples\\": 1}"\nread line\necho "no memory" >&2\nexit 1\n')
    program.chmod(0o755)
    settings.JUDGE_PYTHON = str(program)
    with (
        pytest.raises(WorkflowError, match="no memory"),
        JudgeSession(tmp_path, tmp_path, cache=tmp_path, seed=1, progress=lambda *_: None) as judge,
    ):
        judge.relearn("TCC", {"a": [1]})


def test_where_there_is_no_such_python_it_is_said_where_to_look(tmp_path: Path, settings: Any):
    settings.JUDGE_PYTHON = str(tmp_path / "gone")
    with (
        pytest.raises(WorkflowError, match="JUDGE_PYTHON"),
        JudgeSession(tmp_path, tmp_path, cache=tmp_path, seed=1, progress=lambda *_: None),
    ):
        pass
