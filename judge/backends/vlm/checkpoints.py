"""Loads and saves models: all weights, or those of LoRA."""

import re
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as library_messages

from judge.backends.interface import BackendError

from .options import Precision, VlmOptions

# Of the language model alone: what sees stays as it is.
LORA_LAYERS = r".*language_model\..*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
DTYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp32": torch.float32}


def hide_library_progress_bars() -> None:
    """Keep the libraries from drawing progress bars of their own."""
    library_messages.set_verbosity_error()
    library_messages.disable_progress_bar()


def select_device() -> torch.device:
    """Return the device of models here: the first GPU, or the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer in a model's folder."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer


def load_model(folder: Path, dtype: torch.dtype) -> Any:
    """Return the model in a folder.

    Raises:
        BackendError: some of its weights are not in its files, and would be chance.
    """
    loaded: Any = AutoModelForImageTextToText.from_pretrained(
        folder, local_files_only=True, dtype=dtype, output_loading_info=True
    )
    model, loading_info = loaded
    if loading_info["missing_keys"]:
        names = ", ".join(sorted(loading_info["missing_keys"])[:3])
        raise BackendError(f"{folder} lacks {len(loading_info['missing_keys'])} of the model's weights ({names}, …).")
    return model


def load_for_training(base: Path, checkpoint: Path | None, options: VlmOptions) -> Any:
    """Return the model at the beginning of its training or at a checkpoint.

    With LoRA the model itself is kept in the precision in which it works and learns nothing. Otherwise its weights are
    kept in full precision, as small steps would be rounded away, and work in the precision that is set.
    """
    if options.tuning == "full":
        return load_model(checkpoint or base, torch.float32)
    model = load_model(base, DTYPES[options.precision])
    if checkpoint is not None:
        return _load_lora(model, checkpoint, learning=True)
    if not any(re.fullmatch(LORA_LAYERS, name) for name, _ in model.named_modules()):
        raise BackendError(f"{base} has no layers of the kinds that LoRA adapts; set tuning=full.")
    return get_peft_model(
        model,
        LoraConfig(
            r=options.lora_rank,
            lora_alpha=options.lora_alpha,
            lora_dropout=options.lora_dropout,
            target_modules=LORA_LAYERS,
        ),
    )


def save_weights(model: Any, folder: Path, *, state: dict[str, torch.Tensor] | None = None) -> None:
    """Write trained weights as safetensors.

    They are all weights with their configuration, or those of LoRA.
    """
    options: dict[str, Any] = {"save_embedding_layers": False} if isinstance(model, PeftModel) else {}
    model.save_pretrained(folder, state_dict=state, **options)
    # A card about nothing, in which the library writes where the model lies here.
    (folder / "README.md").unlink(missing_ok=True)


def save_preprocessors(base: Path, folder: Path) -> None:
    """Write the tokenizer and the image processor beside the weights."""
    load_tokenizer(base).save_pretrained(folder)
    AutoImageProcessor.from_pretrained(base, backend="pil", local_files_only=True).save_pretrained(folder)


def load_for_inference(folder: Path, base: Path | None, options: VlmOptions) -> Any:
    """Return a trained model on its device.

    LoRA's weights are merged into those of the ``base``.
    """
    model = load_model(base or folder, DTYPES[options.precision])
    if base is not None:
        model = _load_lora(model, folder, learning=False).merge_and_unload()
    return model.to(select_device()).eval()


def _load_lora(model: Any, folder: Path, *, learning: bool) -> Any:
    """Return a model with its LoRA weights."""
    with warnings.catch_warnings():
        # One library calls the other by names that this is to give up.
        warnings.simplefilter("ignore", FutureWarning)
        return PeftModel.from_pretrained(model, folder, is_trainable=learning)
