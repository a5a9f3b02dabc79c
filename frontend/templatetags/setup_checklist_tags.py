"""The way from a draft to a study that runs, for its board and its settings."""

from typing import Any

from django import template

from annotation.models import Study
from frontend.presenters import setup_checklist as steps_of

register = template.Library()


@register.inclusion_tag("frontend/parts/setup_checklist.html", takes_context=True)
def next_steps(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """Show what is still to be done before a draft can start, and the button that starts it."""
    steps = steps_of.setup_steps(study)
    return {
        "study": study,
        "steps": steps,
        "can_start": steps_of.can_start(steps),
        "csrf_token": context.get("csrf_token"),
    }
