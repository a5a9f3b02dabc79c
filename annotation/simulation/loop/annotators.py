"""Who takes part in the loop, and the habits of its annotators: what the figures have to find again."""

from annotation.models import Member, Study, User
from annotation.simulation.demo_users import get_or_create_demo_user
from annotation.simulation.synthetic_annotators import SyntheticAnnotator

PULL = 0.4
"""Levels that everybody moves towards a judge's value for each level apart."""
ADMIN, RESEARCHER = "ada", "ravi"
ANNOTATORS = {
    "ann": SyntheticAnnotator("Ann", severity=0.0, noise=0.4, pull=PULL, seconds=38),
    "ben": SyntheticAnnotator("Ben", severity=0.3, noise=0.5, pull=PULL, seconds=45),
    "cho": SyntheticAnnotator("Cho", severity=-0.2, noise=0.4, pull=PULL, seconds=33),
    "dee": SyntheticAnnotator("Dee", severity=0.1, noise=0.6, pull=PULL, seconds=52),
}


def create_annotators(study: Study) -> dict[str, User]:
    """Return everybody by login; who is not a member of the study becomes one.

    Raises:
        WrongState: a login of the play is somebody's here.
    """
    leading = {
        ADMIN: get_or_create_demo_user(study, ADMIN, "Ada", Member.Role.ADMIN),
        RESEARCHER: get_or_create_demo_user(study, RESEARCHER, "Ravi", Member.Role.RESEARCHER),
    }
    scoring = {
        login: get_or_create_demo_user(study, login, one.name, Member.Role.ANNOTATOR)
        for login, one in ANNOTATORS.items()
    }
    return leading | scoring
