"""A request to stop ends the command beside the services, all of its processes and the services."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.databases import ROOT

pytestmark = pytest.mark.sqlite

# A process of the command's group, one in a session of its own, and one that the signal cannot end.
COMMAND = """
import signal, subprocess, sys
waiting = "import signal, time; print('ready', flush=True); time.sleep(600)"
stubborn = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]\\n" + waiting
children = [
    subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=elsewhere)
    for program, elsewhere in ((waiting, False), (waiting, True), (stubborn, False), (stubborn, True))
]
for child in children:
    child.stdout.readline()
print(*[child.pid for child in children], flush=True)
children[0].wait()
signal.pause()
"""
# Whoever runs the tests in the background ignores some of these signals, and children inherit that.
RUN = """
import os, signal, sys
from scripts import with_services
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
with_services.STOP_SECONDS = 5
sys.exit(with_services.run([sys.executable, "-c", {command!r}], dict(os.environ)))
"""
LEAVES_BEHIND = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
sys.exit(7)
"""


def start(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def processes(pids: str) -> list[psutil.Process]:
    return [psutil.Process(int(pid)) for pid in pids.split()]


def assert_ended(started: list[psutil.Process]) -> None:
    assert not [process for process in started if process.is_running()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_to_stop_ends_every_process_of_the_command(number: signal.Signals) -> None:
    runner = start("-c", RUN.format(command=COMMAND))
    assert runner.stdout is not None
    started = processes(runner.stdout.readline())
    assert len(started) == 4
    runner.send_signal(number)
    assert runner.wait(120) == 128 + number
    assert_ended(started)


def test_what_the_command_leaves_behind_ends_with_it_and_its_status_is_passed_on() -> None:
    runner = start("-c", RUN.format(command=LEAVES_BEHIND))
    assert runner.stdout is not None
    pid = int(runner.stdout.readline())
    assert runner.wait(120) == 7
    assert not psutil.pid_exists(pid)


def test_a_request_to_stop_ends_the_services_too() -> None:
    runner = start("scripts/with_services.py", sys.executable, "-c", "import time; print(flush=True); time.sleep(600)")
    assert runner.stdout is not None
    runner.stdout.readline()
    started = psutil.Process(runner.pid).children(recursive=True)
    assert {"postgres", "redis-server"} <= {process.name() for process in started}
    runner.terminate()
    assert runner.wait(120) == 128 + signal.SIGTERM
    assert_ended(started)
