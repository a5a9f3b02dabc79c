"""A client that costs next to nothing, as it shares the processors with what it measures: sockets and one loop.

It knows only as much of HTTP as our own server speaks to it: kept connections and answers with a stated length.
"""

import selectors
import socket
import time
from collections.abc import Iterable
from typing import Protocol

STALL_SECONDS = 30.0


class Talker(Protocol):
    """Decides what one connection asks next."""

    def next_request(self) -> bytes | None:
        """Return what to send, or None when there is nothing more to ask."""

    def take(self, status: int, body: bytes, seconds: float) -> None:
        """Take the answer to the last request, and how long it took from the first byte sent to the last received."""


class BrokenAnswerError(Exception):
    """The server answered in a way that this client does not know."""


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class _Connection:
    def __init__(self, port: int, talker: Talker) -> None:
        self.port, self.talker = port, talker
        self.socket = socket.socket()
        self.received = b""
        self.sent_at = 0.0
        self.needed = 0

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=STALL_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> bool:
        """Ask the next question; tells whether there was one."""
        data = self.talker.next_request()
        if data is None:
            return False
        self.received, self.needed = b"", 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(data)
        return True

    def receive(self) -> bool:
        """Take what has come; tells whether the answer is complete."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise BrokenAnswerError("The server closed the connection before it had answered.")
        self.received += piece
        if not self.needed:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.needed = end + 4 + content_length(self.received[: end + 2])
        if len(self.received) < self.needed:
            return False
        seconds = time.perf_counter() - self.sent_at
        body_at = self.received.find(b"\r\n\r\n") + 4
        self.talker.take(int(self.received[9:12]), self.received[body_at:], seconds)
        return True


def content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        raise BrokenAnswerError(f"An answer without a length: {head.decode(errors='replace')}")
    return int(lower[at + 17 : lower.find(b"\r\n", at + 2)])


def converse(port: int, talkers: Iterable[Talker]) -> float:
    """Let all talkers ask at once, each one question at a time, until none has more; returns the seconds it took."""
    connections = [_Connection(port, talker) for talker in talkers]
    with selectors.DefaultSelector() as ready:
        try:
            for connection in connections:
                connection.open()
                ready.register(connection.socket, selectors.EVENT_READ, connection)
            started = time.perf_counter()
            waiting = len(connections)
            for connection in connections:
                waiting -= not connection.send()
            while waiting:
                events = ready.select(STALL_SECONDS)
                if not events:
                    raise BrokenAnswerError(f"No answer for {STALL_SECONDS:g} seconds.")
                for key, _ in events:
                    connection = key.data
                    if connection.receive() and not connection.send():
                        waiting -= 1
            return time.perf_counter() - started
        finally:
            for connection in connections:
                connection.socket.close()
