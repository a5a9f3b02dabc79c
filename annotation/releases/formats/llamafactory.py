"""Writes conversations for LLaMA-Factory, with the entry that describes them."""

import json
import re

from annotation.releases.output_folder import OutputFolder
from judge.formats.sample_line import Image

from .base import JsonListWriter, ReleaseFormat, RenderingOptions, SampleEntry
from .judge_prompt import LEAVES_OUT, JudgePromptWriter

PLACE = "<image>"
COLUMNS = {"messages": "messages", "images": "images"}
TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}


class LlamaFactoryWriter:
    """Writes ``llamafactory/train.json``, ``test.json`` and ``dataset_info.json``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._output = output
        self._files = JsonListWriter(output, "llamafactory/{part}.json")
        self._prompts = JudgePromptWriter(options.facts.rubric)
        self._study = re.sub(r"[^A-Za-z0-9_-]", "-", options.facts.study)

    def add(self, entry: SampleEntry) -> None:
        parts, answer = self._prompts.build_prompt_and_answer(entry)
        value = {
            "id": entry.record["id"],
            "messages": [
                {
                    "role": "user",
                    "content": "".join(PLACE if isinstance(part, Image) else part.text for part in parts),
                },
                {"role": "assistant", "content": answer},
            ],
            # LLaMA-Factory resolves pictures against the folder of its files by default.
            "images": [f"../{part.path}" for part in parts if isinstance(part, Image)],
        }
        self._files.add(entry.part, value)

    def finish(self) -> list[str]:
        self._files.close()
        info = {
            f"{self._study}_{part}": {
                "file_name": f"{part}.json",
                "formatting": "sharegpt",
                "columns": COLUMNS,
                "tags": TAGS,
            }
            for part in self._files.parts
        }
        self._output.write("llamafactory/dataset_info.json", json.dumps(info, indent=2) + "\n")
        return self._prompts.notes()


LLAMA_FACTORY = ReleaseFormat(
    name="llamafactory",
    title="LLaMA-Factory",
    sentence="The same conversations in LLaMA-Factory's sharegpt form, with its dataset_info.json.",
    leaves_out=LEAVES_OUT,
    use="Set `dataset_dir` to the folder `llamafactory`, leave `media_dir` unset, and name a dataset of its list.",
    writer=LlamaFactoryWriter,
)
