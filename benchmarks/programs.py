"""Programs run as processes of their own, with how long they took and how much memory they needed."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 900
# Says nothing about the machine that the figures are for.
NOT_HANDED_ON = {"DEBUG", "DEMO", "REDIS_URL", "MEDIA_ROOT", "MEDIA_STORAGE", "STATIC_ROOT", "HTTPS", "PORT", "HOST"}


@dataclass(frozen=True, slots=True)
class Done:
    """A program that ended well."""

    seconds: float
    peak_bytes: int
    output: str


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process that works on this database and keeps its files in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_hex(32),
        "LOG_LEVEL": "WARNING",
        **more,
    }


def manage(*arguments: str, env: dict[str, str], output: Path | None = None) -> Done:
    """Run a management command."""
    return run([str(ROOT / "manage.py"), *arguments], env=env, output=output)


def module(name: str, *arguments: str, env: dict[str, str]) -> Done:
    """Run a module of ours."""
    return run(["-m", name, *arguments], env=env)


def run(arguments: list[str], *, env: dict[str, str], output: Path | None = None) -> Done:
    """Run Python and wait for its end; ``output`` receives what it prints.

    The peak is that of the process itself. It counts the moment before the program replaces the copy of this process,
    so this process must stay smaller than what it measures: it never loads Django.
    """
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as printed:
        started = time.monotonic()
        target = output.open("wb") if output else printed
        process = subprocess.Popen([sys.executable, *arguments], env=env, cwd=ROOT, stdout=target, stderr=errors)
        previous = signal.signal(signal.SIGALRM, lambda number, frame: process.kill())
        signal.alarm(LONGEST_SECONDS)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
            if target is not printed:
                target.close()
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        printed.seek(0)
        text = printed.read().decode(errors="replace")
        if process.returncode:
            told = errors.read().decode(errors="replace") + text
            raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{told[-4000:]}")
    return Done(seconds, usage.ru_maxrss * 1024, text)
