"""Stops a judge when the program that started it ends."""

import os
import signal
import sys
import threading
import time

SECONDS_TO_STOP = 15


def watch_parent() -> None:
    """Stop this process once its standard input ends.

    It is stopped as by Ctrl-C, and by force where that is not enough.

    Whoever starts it holds the other end of a pipe open. The system closes it when that process is gone, even where it
    was killed and could tell nobody.
    """
    threading.Thread(target=_wait_and_stop, name="tether", daemon=True).start()


def _wait_and_stop() -> None:
    # Not through sys.stdin, whose lock this thread would hold for ever.
    while os.read(sys.stdin.fileno(), 1 << 16):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(SECONDS_TO_STOP)
    if os.getpgrp() == os.getpid():
        # With whatever it has started itself.
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
