"""Run a command beside a throwaway PostgreSQL and a throwaway Redis.

Usage: python scripts/with_services.py [--durable] COMMAND [ARGUMENT…]

Both listen on free loopback ports with made-up passwords, keep their files in a temporary folder and are
stopped when the command ends, however it ends. The command finds them in TEST_POSTGRES_URL and
TEST_REDIS_URL. Its exit status is passed on. A request to stop (an interrupt, SIGTERM, SIGHUP) is passed on to
all of the command's processes; what is still there afterwards is killed.
"""

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TypedDict

import psutil

START_SECONDS = 60
STOP_SECONDS = 20

# A test's data need not survive a power cut. A benchmark's figures are only worth something when they would.
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def takes_queries(port: int) -> bool:
    """Ask PostgreSQL itself: it listens a moment before it lets anybody in."""
    asked = [program("pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.run(asked, cwd="/", check=False).returncode == 0


def program(name: str) -> str:
    """Find a program on the PATH or where Debian keeps PostgreSQL's, the newest version first."""
    found = shutil.which(name)
    if found is None:
        places = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
        found = max((str(place) for place in places), key=lambda place: float(place.split("/")[4]), default=None)
    if found is None:
        sys.exit(f"{name} was not found; scripts/system-packages tells what to install.")
    return found


def postgres_account() -> pwd.struct_passwd | None:
    """Name the account that PostgreSQL runs under when we are root, as which it refuses to run."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    sys.exit("PostgreSQL does not run as root, and there is neither a postgres nor a nobody account.")


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def identity(account: pwd.struct_passwd | None) -> Identity:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def server(
    name: str,
    command: list[str],
    ready: Callable[[], bool],
    log: Path,
    account: pwd.struct_passwd | None = None,
) -> Iterator[None]:
    """Keep a server running in a session of its own: an interrupt at the terminal is the command's first."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            **identity(account),
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)
        yield
    finally:
        if process.poll() is None:
            # To PostgreSQL this means: drop the connections and stop in order.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def postgres(folder: Path, *, durable: bool) -> Iterator[str]:
    account = postgres_account()
    data, log, password = folder / "data", folder / "log", secrets.token_hex(16)
    password_file = folder / "password"
    password_file.write_text(password)
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        os.chown(password_file, account.pw_uid, account.pw_gid)
    initdb = [program("initdb"), "--pgdata", str(data), "--username", "tests", "--pwfile", str(password_file)]
    initdb += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    made = subprocess.run(initdb, cwd="/", capture_output=True, text=True, check=False, **identity(account))
    if made.returncode:
        sys.exit(f"initdb failed:\n{made.stderr}")
    port = free_port()
    settings = [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
    ]
    settings += [] if durable else FAST_SETTINGS
    command = [program("postgres"), "-D", str(data)]
    for setting in settings:
        command += ["-c", setting]
    with server("PostgreSQL", command, partial(takes_queries, port), log, account):
        yield f"postgres://tests:{password}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    port, password = free_port(), secrets.token_hex(16)
    configuration = folder / "redis.conf"
    configuration.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ""\nappendonly no\n'
    )
    with server("Redis", [program("redis-server"), str(configuration)], partial(listens, port), folder / "log"):
        yield f"redis://:{password}@127.0.0.1:{port}/0"


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, where the system can do that."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for the command, and meanwhile reap the adopted processes that end."""
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        if ended is None or ended.si_pid == process.pid:
            return process.wait()
        os.waitpid(ended.si_pid, 0)


def end_descendants(spared: set[int]) -> None:
    """End all descendants but the children in ``spared`` and what belongs to these."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        # The children of a process that ends are adopted, and so are found in the next round at the latest.
        while remaining := _descendants(spared):
            for process in remaining:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            _, alive = psutil.wait_procs(remaining, timeout=STOP_SECONDS)
            if alive:
                break


def _descendants(spared: set[int]) -> list[psutil.Process]:
    remaining = []
    for child in psutil.Process().children():
        if child.pid not in spared:
            with contextlib.suppress(psutil.NoSuchProcess):
                remaining += child.children(recursive=True)
            remaining.append(child)
    return remaining


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command to its end, passing on a request to stop, and leave none of its processes behind."""
    adopt_orphans()
    spared = {child.pid for child in psutil.Process().children()}
    try:
        # A session of its own: a signal reaches all of it, and an interrupt at the terminal comes here first.
        process = subprocess.Popen(command, env=environment, start_new_session=True)

        def signal_group(number: int) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

        def pass_on(number: int, frame: FrameType | None) -> None:
            signal_group(number)
            signal.alarm(STOP_SECONDS)

        signal.signal(signal.SIGALRM, lambda number, frame: signal_group(signal.SIGKILL))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, pass_on)
        status = wait_for(process)
        signal.alarm(0)
    finally:
        end_descendants(spared)
    return status if status >= 0 else 128 - status


def main(arguments: list[str]) -> int:
    durable = arguments[:1] == ["--durable"]
    command = arguments[1:] if durable else arguments
    if not command:
        sys.exit(__doc__)
    # Until the command runs, a request to stop must still undo what was started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="services-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)  # the way to PostgreSQL's own folder, which is closed to others
        folders = {name: folder / name for name in ("postgres", "redis")}
        for place in folders.values():
            place.mkdir(mode=0o700)
        urls = {
            "TEST_POSTGRES_URL": stack.enter_context(postgres(folders["postgres"], durable=durable)),
            "TEST_REDIS_URL": stack.enter_context(redis(folders["redis"])),
        }
        return run(command, os.environ | urls)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
