"""Tells which discussions are past their deadline."""

from datetime import datetime

from django.db.models import Q

from annotation.models import Discussion


def handed_over_condition(at: datetime) -> Q:
    """Return the condition that the admins decide a discussion, as its deadline has passed."""
    return Q(state=Discussion.State.HANDED_OVER) | Q(state=Discussion.State.OPEN, due_at__lte=at)
