"""How far a command says it is: one line on a terminal, a line now and then in a log, nothing if quick."""

import io
import json
import sys

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from annotation.jobs.eta import UNKNOWN, pace_of, round_duration
from annotation.management.progress import ERASE_LINE, ProgressLine, format_duration
from tests.annotation.imports.importing import sample_line, write_samples


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_on_a_terminal_one_line_is_rewritten_and_its_last_state_stays() -> None:
    terminal, clock = Terminal(), Clock()
    with ProgressLine(terminal, clock=clock) as progress:
        for done in range(0, 5000, 1000):
            clock.now = done / 1000
            progress(done, 4000, "Importing samples")
    rewrites = terminal.getvalue().split(ERASE_LINE)
    assert rewrites[2] == "Importing samples  [####............]  1,000 of 4,000  1,000/s  3 s left"
    assert rewrites[-1] == "Importing samples  [################]  4,000 of 4,000  1,000/s\n"
    assert terminal.getvalue().count("\n") == 1


def test_a_terminal_is_not_written_to_more_often_than_people_see() -> None:
    terminal, clock = Terminal(), Clock()
    with ProgressLine(terminal, clock=clock) as progress:
        for done in range(1000):
            clock.now = done / 1000
            progress(done, 1000, "Importing samples")
    assert terminal.getvalue().count(ERASE_LINE) <= 12


def test_in_a_log_long_work_says_a_line_every_few_seconds_and_short_work_none() -> None:
    log, clock = io.StringIO(), Clock()
    with ProgressLine(log, clock=clock) as progress:
        for second in range(13):
            clock.now = second
            progress(second * 10, None, "Reading")
    assert log.getvalue().splitlines() == [
        "Reading  50  10/s",
        "Reading  100  10/s",
        "Reading  120  10/s",
    ]
    quick = io.StringIO()
    with ProgressLine(quick, clock=Clock()) as progress:
        progress(1, 1, "Reading")
    assert quick.getvalue() == ""


def test_a_count_that_begins_again_gets_a_line_and_a_pace_of_its_own() -> None:
    terminal, clock = Terminal(), Clock()
    with ProgressLine(terminal, clock=clock) as progress:
        clock.now = 10
        progress(100, 100, "Importing scores")
        clock.now = 11
        progress(20, 40, "Deciding")
    last = [text.split(ERASE_LINE)[-1] for text in terminal.getvalue().rstrip("\n").split("\n")]
    assert last == [
        "Importing scores  [################]  100 of 100  10/s",
        "Deciding  [########........]  20 of 40  20/s  1 s left",
    ]


def test_work_that_is_interrupted_leaves_the_terminal_on_a_line_of_its_own() -> None:
    terminal = Terminal()

    def interrupted() -> None:
        with ProgressLine(terminal) as progress:
            progress(1, 2, "Importing samples")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.getvalue().endswith("\n")


@pytest.mark.django_db
def test_an_import_tells_how_far_it_is_beside_its_answer(tmp_path, monkeypatch) -> None:
    terminal, out = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    path = write_samples(tmp_path, *(sample_line(f"s{number}") for number in range(3)))
    call_command("import_samples", str(path), "--study", "birds", "--json", stdout=out)
    assert json.loads(out.getvalue())["created"] == 3
    assert "Importing samples  [################]  3 of 3" in terminal.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (59, "59 s"),
        (89, "1 min"),
        (100, "2 min"),
        (1000, "15 min"),
        (5000, "1 h 25 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_time_spans_are_no_finer_than_people_plan_by(seconds: float, said: str) -> None:
    assert format_duration(seconds) == said


@given(st.floats(60, 1e8))
def test_a_rounded_span_is_near_the_real_one(seconds: float) -> None:
    days, hours, minutes = round_duration(seconds)
    assert abs((days * 24 + hours) * 3600 + minutes * 60 - seconds) <= max(30, seconds / 6)
    assert hours < 24
    assert minutes < 60


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.one_of(st.none(), st.integers(0, 10**9)), st.floats(0, 1e6))
def test_rate_and_time_left_say_the_same(done: int, before: int, total: int | None, seconds: float) -> None:
    pace = pace_of(done=done, total=total, seconds=seconds, before=before)
    if done <= before or seconds < 0.001:
        assert pace == UNKNOWN
        return
    assert pace.per_second is not None
    assert pace.per_second * seconds == pytest.approx(done - before)
    assert (pace.seconds_left is None) == (total is None)
    if total is not None and pace.seconds_left is not None:
        assert pace.seconds_left * pace.per_second == pytest.approx(max(0, total - done))
