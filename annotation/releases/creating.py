"""Creates a release: reads the study as of one moment, splits, freezes and stores it.

The release becomes visible all at once. Loads numpy, so import it only where work is done.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils import timezone

from annotation.core import bulk_insert, permissions
from annotation.core.errors import WrongState
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric
from annotation.core.transactions import read_snapshot, write_transaction
from annotation.jobs.progress import ProgressCallback
from annotation.models import Protocol, Question, Release, ReleaseEntry, ReservedPool, Study, User
from annotation.models.fields import opaque_id

from .freezing import ReleasePseudonyms, SampleFreezer
from .freezing_sql import AgreedSample, StudyReader
from .parts import ReleaseParts, draw_parts
from .request import ReleaseRequest
from .statistics import ReleaseCounts, build_release_statistics
from .stored_files import delete_other_attempts, delete_unless_referenced, store_file

FOLDER = "releases"
ATTEMPTS = 3
BATCH_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A study read as of one moment, before it becomes a release."""

    at: datetime
    previous_number: int
    """The number of the study's newest release at that moment, 0 for none."""
    parts: ReleaseParts
    newest_final: dict[int, int]
    statistics: dict[str, Any]
    protocol: Protocol
    digest: str


def create_release(
    *,
    by: User | None,
    study: Study,
    request: ReleaseRequest,
    progress: ProgressCallback | None = None,
    public_id: str = "",
    claim: Callable[[Release], None] = lambda release: None,
) -> Release:
    """Freeze the agreed samples of a study as its next release.

    ``by=None`` is the command line.

    All of it is of one moment, and scoring goes on meanwhile. The release is there with all that belongs to it, or it
    is not there. ``claim`` is called in the transaction that makes it visible; ``public_id`` lets a second attempt
    take up what a first one left.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
        BadInput: the parts cannot be made as asked; the argument is named.
        WrongState: nothing is agreed yet.
    """
    if by is not None:
        permissions.require_lead(by, study)
    request.check()
    public_id = public_id or opaque_id()
    for _attempt in range(ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            path = Path(folder) / "frozen.jsonl"
            draft = _freeze_study(study, path, request, progress)
            stored = store_file(path, f"{FOLDER}/{public_id}/frozen.jsonl")
            try:
                release = _store_release(study, draft, by, request, public_id, stored, claim)
            finally:
                delete_unless_referenced(stored, Release.objects.filter(frozen=stored))
            if release is not None:
                delete_other_attempts(stored)
                return release
    raise WrongState("Other releases of this study are being made at the same time. Try again.", code="overtaken")


def _freeze_study(study: Study, path: Path, request: ReleaseRequest, progress: ProgressCallback | None) -> ReleaseDraft:
    rubric = load_rubric(study.rubric_id)
    with read_snapshot() as connection:
        at = timezone.now()
        previous_number = _newest_number(study)
        pool = ReservedPool.objects.filter(study=study).first()
        protocol = Protocol.objects.get(study=study, current=True)
        reader = StudyReader(connection, study.pk)
        _report_progress(progress, 0, None, "Dividing the questions")
        ids: list[int] = []
        parts = draw_parts(_collect_ids(reader.read_agreed_samples(), ids), request, reserved_pool=pool is not None)
        counts = ReleaseCounts(rubric)
        states = reader.count_by_state()
        members = reader.read_member_ids()
        reader.use_indexes()
        freezer = SampleFreezer(reader, rubric, ReleasePseudonyms(members), counts)
        with path.open("wb") as file:
            for done in freezer.write_records(ids, parts, file):
                _report_progress(progress, done, len(ids), "Freezing samples")
        requested = {
            "test_share": request.test_share,
            "test_count": request.test_count,
            "exact": request.exact,
            "seed": request.seed,
            "calibration_share": pool.calibration_share if pool else request.calibration_share,
        }
        statistics = build_release_statistics(
            counts, parts, study=study, states=states, protocol=protocol, requested=requested
        )
    return ReleaseDraft(at, previous_number, parts, freezer.newest_final, statistics, protocol, freezer.digest)


def _collect_ids(samples: Iterable[AgreedSample], ids: list[int]) -> Iterator[AgreedSample]:
    """Yield the samples and append their ids to ``ids``."""
    for sample in samples:
        ids.append(sample.id)
        yield sample


def _store_release(
    study: Study,
    draft: ReleaseDraft,
    by: User | None,
    request: ReleaseRequest,
    public_id: str,
    stored: str,
    claim: Callable[[Release], None],
) -> Release | None:
    """Store the release; None where another one was created meanwhile.

    The parts of this one do not take account of that release.
    """
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if _newest_number(study) != draft.previous_number or _pool_was_reserved_since(study, draft):
            return None
        release = Release.objects.create(
            public_id=public_id,
            study=study,
            number=draft.previous_number + 1,
            name=request.name.strip(),
            rubric_id=study.rubric_id,
            protocol=draft.protocol,
            seed=request.seed,
            frozen=stored,
            frozen_sha256=draft.digest,
            about=draft.statistics,
            by=by,
            at=draft.at,
        )
        entries = draft.newest_final
        bulk_insert.insert_rows(
            ReleaseEntry,
            ("id", "release_id", "sample_id", "newest_final"),
            (
                (pk, release.pk, sample, final)
                for pk, (sample, final) in zip(
                    bulk_insert.next_ids(ReleaseEntry, len(entries)), entries.items(), strict=True
                )
            ),
        )
        _store_parts(draft.parts)
        record_step(
            "release_made",
            study=study,
            by=by,
            release=public_id,
            number=release.number,
            name=release.name,
            samples=draft.statistics["samples"],
            parts=draft.statistics["parts"],
        )
        claim(release)
    return release


def _store_parts(parts: ReleaseParts) -> None:
    """Store the parts of the questions that had none; they never change again."""
    questions_by_part: dict[tuple[str, bool], list[int]] = {}
    for pk, part_and_calibration in parts.new_parts.items():
        questions_by_part.setdefault(part_and_calibration, []).append(pk)
    for (part, calibration), keys in questions_by_part.items():
        values: dict[str, Any] = {"part": part, "calibration": calibration}
        if part == Question.Part.TEST:
            values["reserved"] = True
        for batch in _split_keys(sorted(keys)):
            Question.objects.filter(pk__in=batch, part="").update(**values)


def _split_keys(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + BATCH_SIZE] for start in range(0, len(keys), BATCH_SIZE)]


def _newest_number(study: Study) -> int:
    newest: int | None = Release.objects.filter(study=study).aggregate(newest=Max("number"))["newest"]
    return newest or 0


def _pool_was_reserved_since(study: Study, draft: ReleaseDraft) -> bool:
    return not draft.parts.reserved_pool and ReservedPool.objects.filter(study=study).exists()


def _report_progress(progress: ProgressCallback | None, done: int, total: int | None, activity: str) -> None:
    if progress is not None:
        progress(done, total, activity)
