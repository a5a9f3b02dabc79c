"""Long work rests while others wait for the processors, and only then."""

import time
from pathlib import Path

import pytest

from annotation.jobs import cpu_throttle
from annotation.jobs.cpu_throttle import LONGEST_REST, RESTS_PER_RUN, CpuThrottle


class Thread:
    """A thread as the kernel would tell of it."""

    def __init__(self) -> None:
        self.ran = self.waited = 100.0
        self.rested: list[float] = []

    def works(self, ran: float, *, waited: float = 0.0) -> None:
        self.ran += ran
        self.waited += waited


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Thread:
    thread = Thread()
    monkeypatch.setattr(cpu_throttle.time, "thread_time", lambda: thread.ran)
    monkeypatch.setattr(cpu_throttle.time, "sleep", thread.rested.append)
    monkeypatch.setattr(cpu_throttle, "waiting_seconds", lambda: thread.waited)
    return thread


def test_alone_on_the_machine_it_never_rests(thread: Thread) -> None:
    work = CpuThrottle()
    for _ in range(50):
        thread.works(0.1, waited=0.001)
        assert work.rest() == 0.0
    assert thread.rested == []


def test_where_others_want_the_processors_it_rests_in_proportion_to_what_it_ran(thread: Thread) -> None:
    work = CpuThrottle()
    thread.works(0.1, waited=0.02)
    assert work.rest() == pytest.approx(0.1 * RESTS_PER_RUN)
    thread.works(0.05, waited=0.01)
    assert work.rest() == pytest.approx(0.05 * RESTS_PER_RUN)
    assert thread.rested == [pytest.approx(0.1 * RESTS_PER_RUN), pytest.approx(0.05 * RESTS_PER_RUN)]


def test_a_step_of_seconds_is_not_followed_by_a_rest_of_seconds(thread: Thread) -> None:
    work = CpuThrottle()
    thread.works(10.0, waited=5.0)
    assert work.rest() == LONGEST_REST


def test_it_works_on_soon_after_the_others_have_gone(thread: Thread) -> None:
    work = CpuThrottle()
    thread.works(0.1, waited=0.05)
    assert work.rest()
    rests = []
    for _ in range(20):
        thread.works(0.1)
        rests.append(work.rest())
    assert rests[-1] == 0.0
    assert sum(1 for rest in rests if rest) < 8


def test_steps_too_short_to_tell_are_judged_together(thread: Thread) -> None:
    work = CpuThrottle()
    for _ in range(3):
        thread.works(0.001, waited=0.001)
        assert work.rest() == 0.0
    thread.works(0.002, waited=0.001)
    assert work.rest() == pytest.approx(0.005 * RESTS_PER_RUN)


def test_where_the_kernel_tells_nothing_it_never_rests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for text in (None, "", "0", "one two three"):
        place = tmp_path / "schedstat"
        place.unlink(missing_ok=True)
        if text is not None:
            place.write_text(text)
        monkeypatch.setattr(cpu_throttle, "SCHEDULING", place)
        work = CpuThrottle()
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        assert work.rest() == 0.0


@pytest.mark.skipif(not cpu_throttle.SCHEDULING.exists(), reason="this kernel does not tell how long a thread waited")
def test_the_kernel_tells_how_long_this_thread_has_waited() -> None:
    before = cpu_throttle.waiting_seconds()
    assert before >= 0.0
    assert cpu_throttle.waiting_seconds() >= before
