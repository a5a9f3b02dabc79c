"""The checklist from a draft to a running study, for its board and settings."""

from typing import Any

from django import template

from annotation.models import Study
from frontend.presenters import setup_checklist as steps_of

register = template.Library()


@register.inclusion_tag("frontend/parts/setup_checklist.html", takes_context=True)
def next_steps(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """Show the steps before a draft can start, and the start button."""
    steps = steps_of.setup_steps(study)
    return {
        "study": study,
        "steps": steps,
        "can_start": steps_of.can_start(steps),
        "csrf_token": context.get("csrf_token"),
    }
