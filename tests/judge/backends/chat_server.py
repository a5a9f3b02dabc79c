"""A server on loopback that speaks the protocol of chat completions, and misbehaves when told to."""

import contextlib
import json
import math
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def choice(text, top=None):
    """Return a choice; ``top`` gives the alternatives of single characters, by the place in the text."""
    found = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    if top is not None:
        content = []
        for place, letter in enumerate(text):
            others = top.get(place, {letter: 1.0})
            alternatives = [{"token": token, "logprob": math.log(chance)} for token, chance in others.items()]
            content.append({"token": letter, "logprob": -0.1, "top_logprobs": alternatives})
        found["logprobs"] = {"content": content}
    return found


def completion(*choices):
    return {"object": "chat.completion", "choices": list(choices), "usage": {"total_tokens": 10 * len(choices)}}


class ChatServer:
    """Answers with what ``script`` returns for a request: a completion, a status with its body, or ``"cut"``."""

    def __init__(self, script):
        self.script = script
        self.seen = []
        self.headers = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(chat):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with chat._lock:
                    chat.at_once += 1
                    chat.most_at_once = max(chat.most_at_once, chat.at_once)
                    chat.seen.append(body)
                    chat.headers.append(dict(self.headers))
                    number = len(chat.seen)
                try:
                    self._answer(chat.script(body, number))
                finally:
                    with chat._lock:
                        chat.at_once -= 1

            def _answer(self, answer):
                status, headers = 200, {}
                if isinstance(answer, tuple):
                    status, answer, *more = answer
                    headers = more[0] if more else {}
                raw = b'{"choices": [{"mess' if answer == "cut" else self._raw(answer)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(raw) + (1_000 if answer == "cut" else 0)))
                    self.end_headers()
                    self.wfile.write(raw)
                    if answer == "cut":
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)

            @staticmethod
            def _raw(answer):
                return answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()

        return Handler
