"""The options of the backend ``vlm``."""

from dataclasses import dataclass
from typing import Literal

from judge.options import OptionError

Tuning = Literal["full", "lora"]
Loss = Literal["text", "soft"]
Readout = Literal["joint", "independent"]
Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["bf16", "fp32"]


@dataclass(frozen=True, slots=True)
class VlmOptions:
    """The options of the backend ``vlm``; the seed is the run's."""

    model: str = ""
    """A folder, or the name under which a model was fetched into the cache of Hugging Face."""
    tuning: Tuning = "lora"
    """All of its weights, or small matrices beside those of its language model (LoRA, arXiv 2106.09685)."""
    loss: Loss = "soft"
    """The agreed scores as text, or how the annotators' ratings are spread over the levels."""
    text_weight: float = 0.05
    """How much the text counts beside the spread of ratings in the loss ``soft``."""
    readout: Readout = "joint"
    """One line in which later scores have seen earlier ones, or a line for each dimension."""
    devices: int = 1
    """How many graphics cards, or without any how many processes."""
    total_batch: int = 8
    """Samples in a step, over all devices."""
    device_batch: int = 1
    """Samples that a device takes at once; steps are put together of as many turns as it takes."""
    eval_batch: int = 8
    """Samples that are judged at once."""
    epochs: float = 3.0
    learning_rate: float = 1e-4
    schedule: Schedule = "cosine"
    warmup: float = 0.03
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    clip: float = 1.0
    """Longest gradient; 0 leaves it as it is."""
    precision: Precision = "bf16"
    checkpointing: bool = True
    """Work activations out again instead of keeping them: slower, in a fraction of the memory."""
    sharded: bool = False
    """Lay weights and the optimizer's state out over the devices instead of a copy on each (FSDP)."""
    picture_tokens: int = 1280
    """What a picture may take of the model's context; larger pictures are scaled down."""
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    save_every: int = 200
    """Steps after which a training can be gone on with."""
    loaders: int = 2
    """Processes that read pictures ahead; 0 reads them in between."""

    @property
    def accumulation(self) -> int:
        """How many turns of all devices make a step."""
        return self.total_batch // (self.devices * self.device_batch)

    def check(self) -> None:
        """Raise `OptionError` for a value that cannot be."""
        least = {
            **dict.fromkeys(("devices", "total_batch", "device_batch", "eval_batch", "lora_rank", "lora_alpha"), 1),
            **dict.fromkeys(("picture_tokens", "save_every"), 1),
            **dict.fromkeys(("loaders", "text_weight", "weight_decay", "clip"), 0),
        }
        for name, value in least.items():
            if getattr(self, name) < value:
                raise OptionError(f"{name} is {getattr(self, name)}; the least is {value}.")
        for name in ("epochs", "learning_rate", "epsilon"):
            if getattr(self, name) <= 0:
                raise OptionError(f"{name} is {getattr(self, name):g}; it lies above 0.")
        for name in ("warmup", "beta1", "beta2", "lora_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name):g}; it lies from 0 to below 1.")
        at_once = self.devices * self.device_batch
        if self.total_batch % at_once:
            raise OptionError(
                f"total_batch is {self.total_batch}, which {self.devices} devices with {self.device_batch} samples "
                f"each cannot make up in whole turns; take a multiple of {at_once}, or other devices or device_batch."
            )
        if self.sharded and self.devices == 1:
            raise OptionError("sharded needs several devices to lay the weights out over; set devices, or leave it.")
