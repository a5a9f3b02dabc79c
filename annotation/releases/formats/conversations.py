"""Writes conversations for supervised fine-tuning, in the form that TRL and ms-swift read.

Content is a list of typed parts; a picture is a part without a payload, filled from ``images`` in order.
"""

from typing import Any

from annotation.releases.output_folder import OutputFolder
from judge.formats.sample_line import Image

from .base import JsonLinesWriter, ReleaseFormat, RenderingOptions, SampleEntry
from .judge_prompt import LEAVES_OUT, JudgePromptWriter


class ConversationsWriter:
    """Writes ``conversations/train.jsonl`` and ``conversations/test.jsonl``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._files = JsonLinesWriter(output, "conversations/{part}.jsonl")
        self._prompts = JudgePromptWriter(options.facts.rubric)

    def add(self, entry: SampleEntry) -> None:
        parts, answer = self._prompts.build_prompt_and_answer(entry)
        content: list[dict[str, Any]] = [
            {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text} for part in parts
        ]
        value = {
            "id": entry.record["id"],
            "messages": [
                {"role": "user", "content": content},
                {"role": "assistant", "content": [{"type": "text", "text": answer}]},
            ],
            "images": [part.path for part in parts if isinstance(part, Image)],
        }
        self._files.add(entry.part, value)

    def finish(self) -> list[str]:
        self._files.close()
        return self._prompts.notes()


CONVERSATIONS = ReleaseFormat(
    name="conversations",
    title="Conversations (TRL, ms-swift)",
    sentence="A judge's question and its line of scores, for supervised fine-tuning with TRL or ms-swift.",
    leaves_out=LEAVES_OUT,
    use=(
        "Pictures are named relative to this folder: start from it, or set `ROOT_IMAGE_DIR` to it for ms-swift. "
        '`swift sft --dataset conversations/train.jsonl`; with TRL `load_dataset("json", data_files=…)`.'
    ),
    writer=ConversationsWriter,
)
