"""Writes scored lines in the form of the published InterSyn.

A line has one question, one text, one picture and a number per dimension.
"""

from annotation.releases.output_folder import OutputFolder

from .base import JsonLinesWriter, ReleaseFormat, RenderingOptions, SampleEntry, count_note
from .sample_line import plain_number

FIELDS = frozenset({"id", "question", "answer", "image"})


class InterSynWriter:
    """Writes ``intersyn/train.jsonl`` and ``intersyn/test.jsonl``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._files = JsonLinesWriter(output, "intersyn/{part}.jsonl")
        self._fields = {
            dimension.key: f"{dimension.key}_score" if dimension.key in FIELDS else dimension.key
            for dimension in options.facts.rubric.dimensions
        }
        self._multiple_turns = self._multiple_pictures = self._joined_texts = self._calibration = 0

    def add(self, entry: SampleEntry) -> None:
        turns = entry.record["turns"]
        if len(turns) != 1 or turns[0].get("context"):
            self._multiple_turns += 1
            return
        blocks = turns[0]["blocks"]
        pictures = [block["picture"] for block in blocks if "picture" in block]
        if len(pictures) > 1:
            self._multiple_pictures += 1
            return
        texts = [block["text"] for block in blocks if "text" in block]
        self._joined_texts += len(texts) > 1 or (bool(texts) and "picture" in blocks[0])
        self._calibration += entry.record["calibration"]
        scores = {field: plain_number(entry.record["final"].get(key)) for key, field in self._fields.items()}
        value = {
            "id": entry.record["id"],
            "question": turns[0].get("question") or "",
            "answer": "\n\n".join(texts) if texts else None,
            "image": entry.pictures[pictures[0]] if pictures else None,
        }
        self._files.add(entry.part, value | scores)

    def finish(self) -> list[str]:
        self._files.close()
        return [
            *count_note(
                self._multiple_turns,
                "sample of several turns, or with context, is left out.",
                "samples of several turns, or with context, are left out.",
            ),
            *count_note(
                self._multiple_pictures,
                "sample with more than one picture is left out.",
                "samples with more than one picture are left out.",
            ),
            *count_note(
                self._joined_texts,
                "sample lost the order of its blocks: texts are joined, the picture stands beside them.",
                "samples lost the order of their blocks: texts are joined, the picture stands beside them.",
            ),
            *count_note(
                self._calibration,
                "calibration sample is in a file of its own and not in train.",
                "calibration samples are in a file of their own and not in train.",
            ),
        ]


INTERSYN = ReleaseFormat(
    name="intersyn",
    title="InterSyn lines",
    sentence="One question, text and picture a line with a number per dimension, as InterSyn is published.",
    leaves_out=(
        "Samples of several turns or pictures, the order of blocks, and all but the agreed values. "
        "Calibration samples are in a file of their own."
    ),
    use="Pictures are named relative to this folder. `null` stands for a missing text or picture.",
    writer=InterSynWriter,
)
