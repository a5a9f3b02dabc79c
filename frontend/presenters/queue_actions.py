"""The actions on an entry of the review queue, for its menu and its page."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from annotation.models import Sample

REOPENED_FROM = (Sample.State.AGREED, Sample.State.BLOCKED, Sample.State.WITHDRAWN)
SCORED_IN = (Sample.State.WAITING, Sample.State.SCORING, Sample.State.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class QueueAction:
    """An action that a form performs; its name is also its address."""

    name: str
    label: Promise
    description: Promise
    submit: Promise


ASSIGN = QueueAction(
    "assign",
    lazy("Assign to people"),
    lazy("Each of them gets it on their desk before everything else that they hold, and keeps it for some days."),
    lazy("Assign"),
)
REVIEW = QueueAction(
    "review",
    lazy("Send to cross-review"),
    lazy("One more score is asked of it, by somebody new who cannot tell that it is a review. Then all scores decide."),
    lazy("Send to cross-review"),
)
REOPEN = QueueAction(
    "reopen",
    lazy("Reopen"),
    lazy("Its people discuss it again; where too few of them are still here, it goes back to be scored."),
    lazy("Reopen"),
)
DISMISS = QueueAction(
    "dismiss",
    lazy("Dismiss"),
    lazy("It leaves this queue and stays out of it until it is put back. Nothing else changes."),
    lazy("Dismiss"),
)
STEPS = (ASSIGN, REVIEW, REOPEN, DISMISS)


def available_actions(sample: Sample) -> tuple[QueueAction, ...]:
    """Return the actions that a sample's state allows.

    Whether anybody is left for one shows when its form is opened.
    """
    # By name: a step's hash would translate all that it says.
    allowed = {
        ASSIGN.name: sample.state in SCORED_IN and sample.stage != Sample.Stage.CLOSED,
        REVIEW.name: sample.state == Sample.State.AGREED,
        REOPEN.name: sample.state in REOPENED_FROM,
        DISMISS.name: True,
    }
    return tuple(step for step in STEPS if allowed[step.name])
