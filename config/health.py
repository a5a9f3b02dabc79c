"""Health check: `python -m config.health` exits 0 where the web process responds."""

import http.client
import os
import sys


def is_answering(port: int) -> bool:
    """Whether the web process responds without a server error."""
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
