"""Says by its exit status whether the web process on this machine answers: `python -m config.health`."""

import http.client
import os
import sys


def is_answering(port: int) -> bool:
    """Ask for the front page. A redirect or a refused host name is an answer; a server's error is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_answering(int(os.environ.get("PORT", "8000"))))
