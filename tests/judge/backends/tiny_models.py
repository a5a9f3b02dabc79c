"""Models of some hundred thousand weights drawn by chance, of both families, with a tokenizer of their own."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoImageProcessor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import SampleTurn, TextPart
from judge.prompt import build_prompt, format_answer
from tests.judge.release_folders import SENTENCE, TOML

CHAT = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
SEEING = {
    "qwen2_5_vl": ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"],
    "internvl": ["<img>", "</img>", "<IMG_CONTEXT>"],
}
# Its words are those of the tests, so that prompts are as short as they are in the tokens of a large vocabulary.
SAID = [
    *(
        part.text
        for part in build_prompt(parse_rubric(TOML), [SampleTurn("What happened on day 1?", [TextPart(SENTENCE)])])
    ),
    format_answer(parse_rubric(TOML), {"TCC": 4.0, "IQ": None}),
    "system\nYou are a helpful assistant.",
    "user\n",
    "assistant\n",
]


def write_tokenizer(folder: Path, special: list[str], said: list[str]) -> Any:
    """Write a tokenizer of bytes and the words of some texts, digits by themselves as both families have them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        said,
        trainers.BpeTrainer(
            vocab_size=2_000,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, pad_token=special[0], eos_token="<|im_end|>")
    tokenizer.save_pretrained(folder)
    return tokenizer


def write_model(
    folder: Path, family: str, *, seed: int = 0, width: int = 64, layers: int = 2, said: Sequence[str] = SAID
) -> Path:
    """Write a model's folder; weights are drawn as large as a frozen one needs them to pass on what it sees."""
    tokenizer = write_tokenizer(folder, CHAT + SEEING[family], [*said, *SAID] * 4)
    torch.manual_seed(seed)
    model = (_qwen if family == "qwen2_5_vl" else _intern)(folder, tokenizer, width, layers)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1 and "embed" not in name:
                weight.normal_(0, 1 / math.sqrt(weight[0].numel()))
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    return folder


def _text(tokenizer: Any, width: int, layers: int) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "bos_token_id": None,
        "eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>"),
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }


def _qwen(folder: Path, tokenizer: Any, width: int, layers: int) -> Any:
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in SEEING["qwen2_5_vl"]}
    sections = [width // 16, width // 32, width // 32]
    sections[0] = width // 8 - sum(sections[1:])
    config = Qwen2_5_VLConfig(
        text_config=_text(tokenizer, width, layers)
        | {"rope_parameters": {"rope_type": "default", "mrope_section": sections, "rope_theta": 10_000.0}},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": width,
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    Qwen2VLImageProcessorPil().save_pretrained(folder)
    return Qwen2_5_VLForConditionalGeneration(config)


def _intern(folder: Path, tokenizer: Any, width: int, layers: int) -> Any:
    config = InternVLConfig(
        text_config=_text(tokenizer, width, layers) | {"model_type": "qwen2"},
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": [56, 56],
            "patch_size": [14, 14],
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
        tie_word_embeddings=False,
    )
    GotOcr2ImageProcessorPil(size={"height": 56, "width": 56}).save_pretrained(folder)
    assert AutoImageProcessor.from_pretrained(folder, backend="pil").size["height"] == 56
    return InternVLForConditionalGeneration(config)
