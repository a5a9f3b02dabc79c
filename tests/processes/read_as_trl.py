"""Run in the readers' environment: TRL collates a release's conversations into what a model is trained on.

read_as_trl.py FILE    prints, per sample, the text that the model sees, and how many pictures go with it
"""

import json
import sys

import datasets
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CLIPImageProcessor, LlavaProcessor, PreTrainedTokenizerFast
from trl.data_utils import is_conversational, prepare_multimodal_messages
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

TEMPLATE = (
    "{% for message in messages %}[{{ message['role'] }}]{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)
SIDE, PATCH = 32, 16


def processor(texts: list[str]) -> LlavaProcessor:
    """Return a real processor whose vocabulary is what the texts need: there are no weights and no downloads here."""
    letters = sorted({letter for text in texts for letter in text})
    words = {word: number for number, word in enumerate(["<unk>", "<pad>", "<image>", *letters])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        extra_special_tokens={"image_token": "<image>"},
    )
    size = {"height": SIDE, "width": SIDE}
    images = CLIPImageProcessor(size=size, crop_size=size, do_center_crop=False)
    return LlavaProcessor(
        image_processor=images,
        tokenizer=fast,
        patch_size=PATCH,
        vision_feature_select_strategy="full",
        chat_template=TEMPLATE,
        num_additional_image_tokens=0,
    )


def main(path: str) -> None:
    rows = list(datasets.load_dataset("json", data_files=path, split="train"))
    assert all(is_conversational(row) for row in rows)
    texts = [part.get("text") or "" for row in rows for message in row["messages"] for part in message["content"]] + [
        "[user][assistant]"
    ]
    collate = DataCollatorForVisionLanguageModeling(processor(texts))
    found = []
    for row in rows:
        prepared = prepare_multimodal_messages(row["messages"], images=row["images"])
        batch = collate([{"messages": row["messages"], "images": row["images"]}])
        decoded = collate.processor.tokenizer.decode(batch["input_ids"][0], skip_special_tokens=False)
        found.append(
            {
                "id": row["id"],
                "images": [part["image"] for m in prepared for part in m["content"] if part["type"] == "image"],
                "answer": prepared[-1]["content"][0]["text"],
                "text": decoded.replace(" ", ""),
                "tokens_of_pictures": int((batch["input_ids"] == collate.processor.image_token_id).sum()),
                "pixels": list(batch["pixel_values"].shape) if "pixel_values" in batch else None,
            }
        )
    sys.stdout.write(json.dumps(found) + "\n")


main(sys.argv[1])
