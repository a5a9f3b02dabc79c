"""SQL that reads the turns and pictures of samples."""

import json
from collections.abc import Sequence
from typing import Any

from annotation.core.sql import fetch_rows


def read_turns(sample_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the turns of samples, as they were imported."""
    marks = ", ".join(["%s"] * len(sample_ids))
    rows = fetch_rows(
        f"SELECT sample_id, turns FROM annotation_samplecontent WHERE sample_id IN ({marks})",  # noqa: S608
        sample_ids,
    )
    return {sample_id: json.loads(text) for sample_id, text in rows}


def read_pictures(sample_ids: Sequence[int]) -> list[tuple[int, int, str, int, int, int, int]]:
    """Return sample, position, public id, width, height and size of the web copy of the pictures of samples."""
    marks = ", ".join(["%s"] * len(sample_ids))
    rows: list[Any] = fetch_rows(
        f"""SELECT sp.sample_id, sp.position, sp.public_id, p.width, p.height, p.web_width, p.web_height
            FROM annotation_samplepicture sp JOIN annotation_picture p ON p.id = sp.picture_id
            WHERE sp.sample_id IN ({marks})""",  # noqa: S608
        sample_ids,
    )
    return rows
