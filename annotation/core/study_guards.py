"""Checks that a study still accepts samples, scores and other input."""

from annotation.models import Study

from .errors import WrongState


def require_intake(study: Study, what: str) -> None:
    """Raise `WrongState` (`study_closed`) where a study takes no more of ``what``, as in “samples”."""
    if study.state == Study.State.CLOSED:
        raise WrongState(f"This study is closed and takes no more {what}. Open it again first.", code="study_closed")


def require_scoring(state: str) -> None:
    """Raise `WrongState` (`study_closed`) where a study in this state takes no scores: a closed one, or a draft."""
    if state in (Study.State.CLOSED, Study.State.DRAFT):
        raise WrongState("This study takes no scores now.", code="study_closed")


def lock_for_intake(study: Study, what: str) -> None:
    """Lock a study for an import: imports into it run one after another, scoring goes on.

    Raises:
        WrongState: it was closed meanwhile (`study_closed`).
    """
    require_intake(Study.objects.select_for_update(no_key=True).get(pk=study.pk), what)
