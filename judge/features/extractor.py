"""Extracts the vectors of many samples, cached in a store, by several processes."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import PIL

from judge.context import JudgeContext
from judge.formats.picture_folder import MissingPicture, PictureFolder
from judge.formats.sample_line import SampleRecord, TextPart
from judge.metrics.gaps import Floats
from judge.version import source_checksum

from .picture import UnreadablePicture, picture_features
from .sample import judged_pictures, sample_features
from .store import VectorStore

BATCH = 256
# Starting processes takes about a second: as long as measuring some dozens of samples.
WORTH_PROCESSES = 64


@dataclass(frozen=True, slots=True)
class ExtractedFeatures:
    """A sample's vector, or the reason that it has none."""

    vector: Floats | None
    problem: str = ""


class FeatureExtractor:
    """Extracts features of samples with pictures in a folder.

    A context manager: the processes that it started end with it.
    """

    def __init__(self, pictures: PictureFolder, store: VectorStore | None = None, *, processes: int = 0) -> None:
        self._pictures = pictures
        self._store = store
        self._process_count = processes or os.cpu_count() or 1
        self._stack = ExitStack()
        self._reader_threads = self._stack.enter_context(ThreadPoolExecutor(max_workers=self._process_count * 2))
        self._pool: Executor | None = None

    def __enter__(self) -> "FeatureExtractor":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def extract(self, samples: Iterable[SampleRecord]) -> Iterator[ExtractedFeatures]:
        """Yield the features of each sample in their order, batch by batch.

        A batch has a few hundred samples.
        """
        remaining = iter(samples)
        while batch := list(islice(remaining, BATCH)):
            yield from self._extract_batch(batch)

    def _extract_batch(self, batch: Sequence[SampleRecord]) -> list[ExtractedFeatures]:
        tasks = list(self._reader_threads.map(self._prepare_task, batch))
        ready = [task for task in tasks if not task.problem]
        vectors = self._store.find([task.key for task in ready]) if self._store else {}
        missing = list({task.key: task for task in ready if task.key not in vectors}.values())
        problems: dict[bytes, str] = {}
        if missing:
            computed, problems = self._compute_missing(missing)
            vectors |= computed
        return [_extracted_features(task, vectors, problems) for task in tasks]

    def _prepare_task(self, sample: SampleRecord) -> "_ExtractionTask":
        checksums, paths = [], []
        for name in judged_pictures(sample):
            try:
                content = self._pictures.read(name)
            except MissingPicture as problem:
                return _ExtractionTask(sample, b"", problem=str(problem))
            checksums.append(hashlib.sha256(content).hexdigest())
            paths.append(self._pictures.path(name))
        return _ExtractionTask(sample, _sample_key(sample, checksums), checksums, paths)

    def _compute_missing(self, tasks: Sequence["_ExtractionTask"]) -> tuple[dict[bytes, Floats], dict[bytes, str]]:
        if self._store:
            stored = self._store.find([_picture_key(checksum) for task in tasks for checksum in task.checksums])
            for task in tasks:
                task.known = {
                    checksum: stored[key] for checksum in task.checksums if (key := _picture_key(checksum)) in stored
                }
        if len(tasks) >= WORTH_PROCESSES and self._process_count > 1:
            results = list(self._process_pool().map(_compute_features, tasks, chunksize=8))
        else:
            results = [_compute_features(task) for task in tasks]
        computed: dict[bytes, Floats] = {}
        pictures: dict[bytes, Floats] = {}
        problems: dict[bytes, str] = {}
        for task, result in zip(tasks, results, strict=True):
            if result.vector is None:
                problems[task.key] = result.problem
            else:
                computed[task.key] = result.vector
            pictures |= {_picture_key(checksum): vector for checksum, vector in result.pictures.items()}
        if self._store:
            self._store.save(computed | pictures)
        return computed, problems

    def _process_pool(self) -> Executor:
        if self._pool is None:
            # Not forked: the threads of this process would be missing in the copies.
            pool = ProcessPoolExecutor(self._process_count, mp_context=multiprocessing.get_context("spawn"))
            self._pool = self._stack.enter_context(pool)
        return self._pool


@contextmanager
def open_feature_extractor(context: JudgeContext) -> Iterator[FeatureExtractor]:
    """Yield a feature extractor that uses the cache of the context, if any."""
    store = VectorStore(context.cache / "features.sqlite") if context.cache else None
    try:
        with FeatureExtractor(context.pictures, store) as extractor:
            yield extractor
    finally:
        if store:
            store.close()


@dataclass(slots=True)
class _ExtractionTask:
    sample: SampleRecord
    key: bytes
    checksums: list[str] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    problem: str = ""
    known: dict[str, Floats] = field(default_factory=dict)


@dataclass(slots=True)
class _TaskResult:
    vector: Floats | None
    problem: str = ""
    pictures: dict[str, Floats] = field(default_factory=dict)


def _compute_features(task: _ExtractionTask) -> _TaskResult:
    """Return the features of a sample and of its new pictures.

    It runs in a process of its own.
    """
    vectors = dict(task.known)
    fresh: dict[str, Floats] = {}
    for checksum, path in zip(task.checksums, task.paths, strict=True):
        if checksum not in vectors:
            try:
                vectors[checksum] = fresh[checksum] = picture_features(path.read_bytes())
            except (UnreadablePicture, OSError) as problem:
                return _TaskResult(None, f"{path.name} {problem}", fresh)
    return _TaskResult(
        sample_features(task.sample, task.checksums, [vectors[checksum] for checksum in task.checksums]), pictures=fresh
    )


def _extracted_features(
    task: _ExtractionTask, vectors: dict[bytes, Floats], problems: dict[bytes, str]
) -> ExtractedFeatures:
    if task.problem:
        return ExtractedFeatures(None, task.problem)
    vector = vectors.get(task.key)
    return ExtractedFeatures(vector, "" if vector is not None else problems[task.key])


def _sample_key(sample: SampleRecord, checksums: Sequence[str]) -> bytes:
    pictures = iter(checksums)
    content = [
        [
            turn.question,
            turn.context,
            [
                block.text if isinstance(block, TextPart) else [None if turn.context else next(pictures)]
                for block in turn.blocks
            ],
        ]
        for turn in sample.turns
    ]
    return hashlib.sha256(json.dumps(["sample", _extraction_version(), content]).encode()).digest()


def _picture_key(checksum: str) -> bytes:
    return hashlib.sha256(f"picture {_extraction_version()} {checksum}".encode()).digest()


@lru_cache(maxsize=1)
def _extraction_version() -> str:
    """Return the version of the extraction, which is part of every key.

    Another version then does not find what the former one stored.
    """
    return f"{source_checksum(Path(__file__).resolve().parent)} numpy {np.__version__} Pillow {PIL.__version__}"
