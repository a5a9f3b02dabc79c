"""The admin's actions on one sample, for its page and for the review queue.

Each performs the action and returns the message about it.
"""

from django.utils.translation import gettext as _

from annotation.models import Sample, User
from annotation.samples import admin_step, assigning_by_hand, requesting_review
from annotation.samples import reopening as services
from frontend.forms.samples import AssignForm, ReopenForm, ReviewForm
from frontend.presenters import discussions


def reopen_sample(by: User, sample: Sample, form: ReopenForm) -> str:
    """Reopen a sample."""
    data = form.cleaned_data
    reopened = services.reopen_sample(
        by=by, sample_id=sample.public_id, reason=data["reason"], dimensions=data.get("dimensions")
    )
    if reopened.state == Sample.State.IN_DISCUSSION:
        return _("Reopened: it is discussed again.")
    if reopened.state == Sample.State.AGREED and not admin_step.scored_dimensions(reopened):
        return _("Brought back: its values follow from a rule again.")
    return _("Reopened: it goes back to be scored.")


def send_to_review(by: User, sample: Sample, form: ReviewForm) -> str:
    """Send an agreed sample to cross-review."""
    requesting_review.request_review(by=by, sample_id=sample.public_id, reason=form.cleaned_data["reason"])
    return _("Sent to cross-review: somebody new scores it.")


def assign_sample(by: User, sample: Sample, form: AssignForm) -> str:
    """Assign a sample to annotators for some days."""
    assigned = assigning_by_hand.assign_sample(by=by, sample_id=sample.public_id, **form.cleaned_data)
    names = discussions.enumerate_words([assignee.member.name for assignee in assigned.assignees])
    return _("Assigned: it comes first in what they hold (%(names)s).") % {"names": names}
