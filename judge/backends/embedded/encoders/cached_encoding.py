"""Encodes samples with the encoders of a run, cached in a store."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from judge.atomic_files import read_json, write_json
from judge.backends.interface import BackendError
from judge.context import JudgeContext
from judge.features.picture import open_picture
from judge.features.sample import answer_text, judged_pictures, question_text
from judge.features.store import VectorStore
from judge.formats.picture_folder import PictureFolder
from judge.formats.sample_line import SampleRecord
from judge.runs import Run
from judge.version import source_checksum

from .embeddings import ANSWER, PICTURES, QUESTION, SIDES, EncodedSamples, Vectors, build_encoded_samples
from .folder import LIBRARIES, EncoderFolder, Role

if TYPE_CHECKING:
    from .encoder import Encoder

# So many samples are kept together; what a run that is cut short loses.
CHUNK_SIZE = 128
# So many pictures are decoded at a time.
MAX_DECODED_PICTURES = 32
ENCODERS_FILE = "encoders.json"


@dataclass(frozen=True, slots=True)
class _Content:
    """What encoders read of a sample: texts by side, and pictures.

    Pictures are names with checksums.
    """

    texts: Mapping[str, str]
    pictures: Sequence[tuple[str, str]]


class Encoders:
    """The encoders that a run names.

    A model is loaded when something is not in the store.
    """

    def __init__(
        self, folders: Sequence[EncoderFolder], pictures: PictureFolder, store: VectorStore | None = None
    ) -> None:
        self._folders = folders
        self._pictures = pictures
        self._store = store
        self._loaded: dict[Role, Encoder] = {}
        self._needs_pictures = any(PICTURES in SIDES[folder.role] for folder in folders)

    def encode(
        self, samples: Sequence[SampleRecord], done: Callable[[int], None] = lambda count: None
    ) -> EncodedSamples:
        """Return the encoded samples; ``done`` is called with the number of samples encoded.

        Raises:
            BackendError: a folder holds no such model.
            MissingPicture, UnreadablePicture: a picture cannot be read.
        """
        sides: dict[Role, list[dict[str, Vectors]]] = {folder.role: [] for folder in self._folders}
        for start in range(0, len(samples), CHUNK_SIZE):
            contents = [self._read_content(sample) for sample in samples[start : start + CHUNK_SIZE]]
            fresh: dict[bytes, Vectors] = {}
            for folder in self._folders:
                vectors = self._find_or_encode(folder, contents, fresh)
                sides[folder.role] += [_vectors_by_side(folder, content, vectors) for content in contents]
            if self._store and fresh:
                self._store.save((key, vector.astype(np.float64)) for key, vector in fresh.items())
            done(min(start + CHUNK_SIZE, len(samples)))
        return build_encoded_samples(sides, len(samples))

    def _read_content(self, sample: SampleRecord) -> _Content:
        texts = {QUESTION: question_text(sample), ANSWER: answer_text(sample)}
        names = judged_pictures(sample) if self._needs_pictures else []
        pictures = [(name, hashlib.sha256(self._pictures.read(name)).hexdigest()) for name in names]
        return _Content({side: text for side, text in texts.items() if text.strip()}, pictures)

    def _find_or_encode(
        self, folder: EncoderFolder, contents: Sequence[_Content], fresh: dict[bytes, Vectors]
    ) -> dict[bytes, Vectors]:
        """Return vectors by key, from the store or the encoder.

        New vectors are put into ``fresh`` as well.
        """
        texts: dict[bytes, str] = {}
        names: dict[bytes, str] = {}
        if ANSWER in SIDES[folder.role]:
            texts = {_text_key(folder, text): text for content in contents for text in content.texts.values()}
        if PICTURES in SIDES[folder.role]:
            names = {
                _picture_key(folder, checksum): name for content in contents for name, checksum in content.pictures
            }
        stored = self._store.find([*texts, *names]) if self._store else {}
        known: dict[bytes, Vectors] = {key: vector.astype(np.float32) for key, vector in stored.items()}
        encoded: dict[bytes, Vectors] = {}
        missing = [key for key in texts if key not in known]
        if missing:
            encoded |= zip(
                missing, self._load_encoder(folder).encode_texts([texts[key] for key in missing]), strict=True
            )
        missing = [key for key in names if key not in known]
        for start in range(0, len(missing), MAX_DECODED_PICTURES):
            chunk = missing[start : start + MAX_DECODED_PICTURES]
            decoded = [open_picture(self._pictures.read(names[key]))[0] for key in chunk]
            encoded |= zip(chunk, self._load_encoder(folder).encode_pictures(decoded), strict=True)
        fresh |= encoded
        return known | encoded

    def _load_encoder(self, folder: EncoderFolder) -> "Encoder":
        if folder.role not in self._loaded:
            # Here, as it takes seconds and gigabytes that whoever has all vectors need not spend.
            from .encoder import Encoder

            self._loaded[folder.role] = Encoder(folder)
        return self._loaded[folder.role]


@contextmanager
def load_encoders(folders: Sequence[EncoderFolder], context: JudgeContext) -> Iterator[Encoders]:
    """Yield the encoders, with the store in the context's cache, if any."""
    store = VectorStore(context.cache / "features.sqlite") if context.cache else None
    try:
        yield Encoders(folders, context.pictures, store)
    finally:
        if store:
            store.close()


def record_encoders(run: Run, folders: Sequence[EncoderFolder]) -> None:
    """Write which encoders a run learns with, or check them against that record."""
    if (run.model / ENCODERS_FILE).exists():
        refuse_other_encoders(run, folders)
    elif folders:
        write_json(run.model / ENCODERS_FILE, {folder.role: folder.describe() for folder in folders})


def refuse_other_encoders(run: Run, folders: Sequence[EncoderFolder]) -> None:
    """Raise `BackendError` unless the folders hold the run's encoders.

    Raises:
        BackendError: one is missing, holds another model, or was not there when the run was begun.
    """
    path = run.model / ENCODERS_FILE
    remembered = read_json(path) if path.exists() else {}
    here = {folder.role: folder for folder in folders}
    for role in sorted(remembered.keys() | here.keys()):
        if role not in remembered:
            raise BackendError(f"{run.folder} learns without a {role}_encoder; leave it out.")
        if role not in here:
            raise BackendError(f"{run.folder} learned with a {role}_encoder; name its folder, {_option_hint(role)}.")
        was, now = remembered[role], here[role].describe()
        if was["sha256"] != now["sha256"]:
            raise BackendError(
                f"{here[role].option}: {here[role].path.absolute()} holds another model "
                f"({_describe_model(now)}) than the one that {run.folder} learned with ({_describe_model(was)}); "
                f"name the folder of that one, {_option_hint(role)}."
            )


def _option_hint(role: str) -> str:
    return f"by --set {role}_encoder=DIR"


def _describe_model(about: Mapping[str, str]) -> str:
    return f"{about['model_type']}, SHA-256 {about['sha256'][:12]}…"


def _vectors_by_side(folder: EncoderFolder, content: _Content, vectors: Mapping[bytes, Vectors]) -> dict[str, Vectors]:
    by_side: dict[str, Vectors] = {}
    for side in SIDES[folder.role]:
        if side == PICTURES and content.pictures:
            pictures = [vectors[_picture_key(folder, checksum)] for _, checksum in content.pictures]
            by_side[side] = np.asarray(np.stack(pictures).mean(axis=0, dtype=np.float64), dtype=np.float32)
        elif side in content.texts:
            by_side[side] = vectors[_text_key(folder, content.texts[side])]
    return by_side


def _text_key(folder: EncoderFolder, text: str) -> bytes:
    return _key(folder, "text", hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def _picture_key(folder: EncoderFolder, checksum: str) -> bytes:
    return _key(folder, "picture", checksum)


def _key(folder: EncoderFolder, kind: str, checksum: str) -> bytes:
    return hashlib.sha256(f"{folder.role} {folder.checksum} {_encoding_version()} {kind} {checksum}".encode()).digest()


@lru_cache(maxsize=1)
def _encoding_version() -> str:
    """Return the version of the encoding, which is part of every key.

    Another version then does not find what the former one stored.
    """
    libraries = " ".join(f"{name} {version(name)}" for name in (*LIBRARIES, "pillow"))
    return f"{source_checksum(Path(__file__).resolve().parent)} {libraries}"
