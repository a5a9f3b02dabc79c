"""Lists the formats of a release by name, in the order of display.

It loads no heavy library.
"""

from .base import LoadingPattern, ReleaseFormat, ReleaseWriter, RenderingOptions, SampleEntry
from .conversations import CONVERSATIONS
from .huggingface import HUB
from .intersyn import INTERSYN
from .jsonl import JSONL
from .label_studio import LABEL_STUDIO
from .llamafactory import LLAMA_FACTORY
from .parquet import PARQUET
from .score_table import SCORES

FORMATS: dict[str, ReleaseFormat] = {
    release_format.name: release_format
    for release_format in (JSONL, PARQUET, HUB, CONVERSATIONS, LLAMA_FACTORY, INTERSYN, LABEL_STUDIO, SCORES)
}

__all__ = ["FORMATS", "LoadingPattern", "ReleaseFormat", "ReleaseWriter", "RenderingOptions", "SampleEntry"]
