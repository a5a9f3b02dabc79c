"""Making a release: the study read in one moment, split, frozen as a file, and then made visible all at once.

Loads numpy, so import it only where work is done.
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
from .statistics import ReleaseCounts, release_statistics
from .stored_files import forget_others, forget_unless_named
from .stored_files import store_file as _store

FOLDER = "releases"
ATTEMPTS = 3
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A study as it was read in one moment, on its way to become a release."""

    at: datetime
    after: int
    """The number of the study's newest release at that moment, 0 for none."""
    parts: ReleaseParts
    newest_final: dict[int, int]
    figures: dict[str, Any]
    protocol: Protocol
    digest: str


def make_release(
    *,
    by: User | None,
    study: Study,
    wanted: ReleaseRequest,
    progress: ProgressCallback | None = None,
    public_id: str = "",
    claim: Callable[[Release], None] = lambda release: None,
) -> Release:
    """Freeze the agreed samples of a study as its next release; ``by=None`` is the command line.

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
    wanted.check()
    public_id = public_id or opaque_id()
    for _attempt in range(ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            path = Path(folder) / "frozen.jsonl"
            draft = _draft(study, path, wanted, progress)
            stored = _store(path, f"{FOLDER}/{public_id}/frozen.jsonl")
            try:
                release = _publish(study, draft, by, wanted, public_id, stored, claim)
            finally:
                forget_unless_named(stored, Release.objects.filter(frozen=stored))
            if release is not None:
                forget_others(stored)
                return release
    raise WrongState("Other releases of this study are being made at the same time. Try again.", code="overtaken")


def _draft(study: Study, path: Path, wanted: ReleaseRequest, progress: ProgressCallback | None) -> ReleaseDraft:
    rubric = load_rubric(study.rubric_id)
    with read_snapshot() as connection:
        at = timezone.now()
        after = _newest(study)
        pool = ReservedPool.objects.filter(study=study).first()
        protocol = Protocol.objects.get(study=study, current=True)
        reader = StudyReader(connection, study.pk)
        _report_progress(progress, 0, None, "Dividing the questions")
        ids: list[int] = []
        parts = draw_parts(_note_ids(reader.agreed(), ids), wanted, reserved_pool=pool is not None)
        tally = ReleaseCounts(rubric)
        states = reader.states()
        members = reader.members()
        reader.look_up_by_index()
        freezer = SampleFreezer(reader, rubric, ReleasePseudonyms(members), tally)
        with path.open("wb") as file:
            for done in freezer.write(ids, parts, file):
                _report_progress(progress, done, len(ids), "Freezing samples")
        requested = {
            "test_share": wanted.test_share,
            "test_count": wanted.test_count,
            "exact": wanted.exact,
            "seed": wanted.seed,
            "calibration_share": pool.calibration_share if pool else wanted.calibration_share,
        }
        figures = release_statistics(tally, parts, study=study, states=states, protocol=protocol, requested=requested)
    return ReleaseDraft(at, after, parts, freezer.newest_final, figures, protocol, freezer.digest)


def _note_ids(samples: Iterable[AgreedSample], ids: list[int]) -> Iterator[AgreedSample]:
    """Pass samples on and keep their ids."""
    for sample in samples:
        ids.append(sample.id)
        yield sample


def _publish(
    study: Study,
    draft: ReleaseDraft,
    by: User | None,
    wanted: ReleaseRequest,
    public_id: str,
    stored: str,
    claim: Callable[[Release], None],
) -> Release | None:
    """Make the release visible; None where another one has come in between, whose parts this one did not know."""
    with write_transaction():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if _newest(study) != draft.after or _pool_came_in_between(study, draft):
            return None
        release = Release.objects.create(
            public_id=public_id,
            study=study,
            number=draft.after + 1,
            name=wanted.name.strip(),
            rubric_id=study.rubric_id,
            protocol=draft.protocol,
            seed=wanted.seed,
            frozen=stored,
            frozen_sha256=draft.digest,
            about=draft.figures,
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
        _fix_parts(draft.parts)
        record_step(
            "release_made",
            study=study,
            by=by,
            release=public_id,
            number=release.number,
            name=release.name,
            samples=draft.figures["samples"],
            parts=draft.figures["parts"],
        )
        claim(release)
    return release


def _fix_parts(parts: ReleaseParts) -> None:
    """Give the questions that had no part theirs, for ever."""
    by_fate: dict[tuple[str, bool], list[int]] = {}
    for pk, fate in parts.new.items():
        by_fate.setdefault(fate, []).append(pk)
    for (part, calibration), keys in by_fate.items():
        values: dict[str, Any] = {"part": part, "calibration": calibration}
        if part == Question.Part.TEST:
            values["reserved"] = True
        for chunk in _chunks(sorted(keys)):
            Question.objects.filter(pk__in=chunk, part="").update(**values)


def _chunks(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]


def _newest(study: Study) -> int:
    newest: int | None = Release.objects.filter(study=study).aggregate(newest=Max("number"))["newest"]
    return newest or 0


def _pool_came_in_between(study: Study, draft: ReleaseDraft) -> bool:
    return not draft.parts.reserved_pool and ReservedPool.objects.filter(study=study).exists()


def _report_progress(progress: ProgressCallback | None, done: int, total: int | None, activity: str) -> None:
    if progress is not None:
        progress(done, total, activity)
