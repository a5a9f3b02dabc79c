"""Defines the members of the loop, and the habits of its annotators.

The reports have to find these habits again.
"""

from annotation.models import Member, Study, User
from annotation.simulation.demo_users import get_or_create_demo_user
from annotation.simulation.synthetic_annotators import SyntheticAnnotator

ANCHORING = 0.4
"""Levels that every annotator moves toward a judge's value for each level apart."""
ADMIN, RESEARCHER = "ada", "ravi"
ANNOTATORS = {
    "ann": SyntheticAnnotator("Ann", severity=0.0, noise=0.4, anchoring=ANCHORING, seconds=38),
    "ben": SyntheticAnnotator("Ben", severity=0.3, noise=0.5, anchoring=ANCHORING, seconds=45),
    "cho": SyntheticAnnotator("Cho", severity=-0.2, noise=0.4, anchoring=ANCHORING, seconds=33),
    "dee": SyntheticAnnotator("Dee", severity=0.1, noise=0.6, anchoring=ANCHORING, seconds=52),
}


def create_members(study: Study) -> dict[str, User]:
    """Return the users of the loop by login, adding missing members to the study.

    Raises:
        WrongState: a login of the loop belongs to another user.
    """
    leaders = {
        ADMIN: get_or_create_demo_user(study, ADMIN, "Ada", Member.Role.ADMIN),
        RESEARCHER: get_or_create_demo_user(study, RESEARCHER, "Ravi", Member.Role.RESEARCHER),
    }
    annotators = {
        login: get_or_create_demo_user(study, login, habits.name, Member.Role.ANNOTATOR)
        for login, habits in ANNOTATORS.items()
    }
    return leaders | annotators
