"""The broker in the file system: what is in it is whole, and what is not does no harm."""

from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.broker import Channel, Transport

pytestmark = pytest.mark.sqlite


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    folders = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
    options = {option: str(tmp_path / "broker" / name) for option, name in folders.items()}
    with Connection(transport=Transport, hostname="localhost", transport_options=options) as connection:
        yield connection.default_channel


def test_messages_come_out_in_their_order_from_folders_that_nobody_made(channel: Channel) -> None:
    for number in range(3):
        channel._put("celery", {"number": number})
    assert sorted(channel._get("celery")["number"] for _ in range(3)) == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_message_that_is_still_being_written_is_not_read(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    written = Path.write_bytes

    def write_while_a_worker_looks(path: Path, data: bytes) -> int:
        written(path, data[:10])
        with pytest.raises(Empty):
            found.append(channel._get("celery"))
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_while_a_worker_looks)
    channel._put("celery", {"number": 1})
    assert found == []
    assert channel._get("celery") == {"number": 1}


def test_half_a_message_is_dropped_and_the_next_one_is_read(channel: Channel) -> None:
    torn = Path(channel.data_folder_in) / "0_torn.celery.msg"
    torn.write_bytes(b'{"body": "')
    channel._put("celery", {"number": 2})
    with pytest.raises(Empty):
        channel._get("celery")
    assert channel._get("celery") == {"number": 2}
    assert list(Path(channel.data_folder_in).iterdir()) == []
