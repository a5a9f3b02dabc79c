"""Reads how the samples of a release have changed since it was frozen."""

from typing import NamedTuple

from annotation.core.sql import fetch_rows


class StateCount(NamedTuple):
    """A number of samples in one state, with or without other final scores."""

    state: str
    changed: bool
    samples: int


def count_samples_by_state(release_id: int) -> list[StateCount]:
    """Return the samples of a release by state now, and by changed final scores."""
    rows = fetch_rows(
        """SELECT state, changed, count(*) FROM (
             SELECT s.state, e.newest_final <> COALESCE(
                      (SELECT MAX(f.id) FROM annotation_finalscore f WHERE f.sample_id = s.id AND f.current), 0
                    ) AS changed
             FROM annotation_releaseentry e JOIN annotation_sample s ON s.id = e.sample_id
             WHERE e.release_id = %s) AS now
           GROUP BY state, changed""",
        [release_id],
    )
    return [StateCount(state, bool(changed), count) for state, changed, count in rows]


def count_agreed_since(release_id: int, study_id: int) -> int:
    """Return how many agreed samples of the study are not in the release."""
    rows = fetch_rows(
        """SELECT count(*) FROM annotation_sample s WHERE s.study_id = %s AND s.state = 'agreed'
           AND NOT EXISTS (SELECT 1 FROM annotation_releaseentry e WHERE e.release_id = %s AND e.sample_id = s.id)""",
        [study_id, release_id],
    )
    return int(rows[0][0])


def read_changed_samples(release_id: int, limit: int) -> list[tuple[str, str, str]]:
    """Return public id, external id and state of the first samples that differ."""
    rows = fetch_rows(
        """SELECT s.public_id, s.external_id, s.state
           FROM annotation_releaseentry e JOIN annotation_sample s ON s.id = e.sample_id
           WHERE e.release_id = %s AND (s.state <> 'agreed' OR e.newest_final <> COALESCE(
             (SELECT MAX(f.id) FROM annotation_finalscore f WHERE f.sample_id = s.id AND f.current), 0))
           ORDER BY s.id LIMIT %s""",
        [release_id, limit],
    )
    return [(str(public), str(external), str(state)) for public, external, state in rows]
