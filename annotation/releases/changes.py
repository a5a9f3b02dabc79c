"""Compares a release with its study as it is now; the release itself never changes."""

from dataclasses import dataclass

from annotation.models import Release, Sample

from . import changes_sql as sql

MAX_CHANGED_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class ChangedSample:
    """A sample that differs from the release."""

    public_id: str
    external_id: str
    state: str


@dataclass(frozen=True, slots=True)
class ReleaseChanges:
    """Numbers of samples that differ from a release.

    ``open`` ones are in the release and not agreed any more, ``added`` ones are agreed and not in it.
    """

    same: int
    changed: int
    open: int
    withdrawn: int
    added: int
    samples: tuple[ChangedSample, ...]
    """The first samples that differ."""

    @property
    def has_changes(self) -> bool:
        """Whether a new release would differ."""
        return bool(self.changed or self.open or self.withdrawn or self.added)


def find_changes(release: Release) -> ReleaseChanges:
    """Return how a new release would differ.

    The caller checks who may see it.
    """
    counts = sql.count_samples_by_state(release.pk)
    agreed = [row for row in counts if row.state == Sample.State.AGREED]
    withdrawn = sum(row.samples for row in counts if row.state == Sample.State.WITHDRAWN)
    same = sum(row.samples for row in agreed if not row.changed)
    changed = sum(row.samples for row in agreed if row.changed)
    total = sum(row.samples for row in counts)
    open_samples = total - same - changed - withdrawn
    changed_rows = sql.read_changed_samples(release.pk, MAX_CHANGED_SAMPLES) if total > same else []
    return ReleaseChanges(
        same=same,
        changed=changed,
        open=open_samples,
        withdrawn=withdrawn,
        added=sql.count_agreed_since(release.pk, release.study_id),
        samples=tuple(ChangedSample(*row) for row in changed_rows),
    )
