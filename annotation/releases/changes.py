"""What has changed in a study since a release was frozen; the release itself never does."""

from dataclasses import dataclass

from annotation.models import Release, Sample

from . import changes_sql as sql

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ChangedSample:
    """A sample that is not as the release has it."""

    public_id: str
    external_id: str
    state: str


@dataclass(frozen=True, slots=True)
class ReleaseChanges:
    """Numbers of samples: ``open`` ones of the release are not agreed any more, ``added`` ones were not in it."""

    same: int
    changed: int
    open: int
    withdrawn: int
    added: int
    samples: tuple[ChangedSample, ...]
    """The first of those that are not as they were."""

    @property
    def any(self) -> bool:
        """Whether a new release would be another one."""
        return bool(self.changed or self.open or self.withdrawn or self.added)


def changes_since(release: Release) -> ReleaseChanges:
    """Return what a new release would have otherwise. Who may see it is for the caller."""
    found = sql.count_states(release.pk)
    agreed = [row for row in found if row.state == Sample.State.AGREED]
    withdrawn = sum(row.samples for row in found if row.state == Sample.State.WITHDRAWN)
    same = sum(row.samples for row in agreed if not row.changed)
    changed = sum(row.samples for row in agreed if row.changed)
    total = sum(row.samples for row in found)
    still = total - same - changed - withdrawn
    shown = sql.read_changed_samples(release.pk, SHOWN) if total > same else []
    return ReleaseChanges(
        same=same,
        changed=changed,
        open=still,
        withdrawn=withdrawn,
        added=sql.count_agreed_since(release.pk, release.study_id),
        samples=tuple(ChangedSample(*row) for row in shown),
    )
