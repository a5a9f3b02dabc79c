"""The navigation of a study: the links in the header, with counts."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import Member
from annotation.reports import inbox

register = template.Library()

LEAD = ("study", "samples", "people", "discussions", "agreement", "imports", "releases", "judges", "queue", "settings")
RESULTS = ("study", "samples", "discussions", "agreement", "releases", "judges", "queue")
SCORING = ("score", "discuss", "mine")

LABELS: dict[str, Promise] = {
    "study": _("Board"),
    "samples": _("Samples"),
    "people": _("People"),
    "discussions": _("Discussions"),
    "agreement": _("Agreement"),
    "imports": _("Imports"),
    "releases": _("Releases"),
    "judges": _("Judge"),
    "queue": _("Review queue"),
    "jobs": _("Jobs"),
    "score": _("Score"),
    "discuss": _("Discuss"),
    "mine": _("My samples"),
    "rubric": _("Rubric"),
    "settings": _("Settings"),
}

# Pages that are reached from a place, and so belong to it.
BELONGS_TO = {
    "sample": "samples",
    "sample-review": "samples",
    "sample-assign": "samples",
    "sample-reopen": "samples",
    "sample-withdraw": "samples",
    "discussion": "discussions",
    "discussion-override": "discussions",
    "discussion-excuse": "discussions",
    "discussion-deadline": "discussions",
    "discuss-one": "discuss",
    "protocol": "settings",
    "study-start": "settings",
    "copy-study": "settings",
    "job": "jobs",
    "job-log": "jobs",
    "release": "releases",
    "release-files": "releases",
    "release-pool": "releases",
    "judge": "judges",
    "judge-compare": "judges",
    "judge-predictions": "judges",
    "influence": "judges",
    "queue-entry": "queue",
    **{f"queue-{step}": "queue" for step in ("dismiss", "review", "reopen", "assign")},
    "mine-one": "mine",
    "member": "people",
    "invite": "people",
    "member-invite": "people",
    "password-link": "people",
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link in the header; ``count`` is the number of items waiting or running."""

    url: str
    label: Promise
    here: bool
    count: int = 0
    at_work: bool = False


@register.simple_tag
def documentation_address() -> str:
    """Return where the documentation is read."""
    return settings.DOCS_URL or reverse("documents")


@register.inclusion_tag("frontend/parts/study_navigation.html", takes_context=True)
def study_navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Show the links to the study's pages that the viewer may open; one query."""
    study, request = context["study"], context["request"]
    match = request.resolver_match
    here = BELONGS_TO.get(match.url_name, match.url_name) if match else ""
    membership = inbox.find_membership(request.user, study)
    counts = {"discuss": membership.waiting, "discussions": membership.handed_over, "jobs": membership.at_work}
    names = places(request.user, membership.member)
    # A place of its own only while there is something to see.
    if membership.at_work or here == "jobs":
        names = (*names[:-1], "jobs", names[-1])
    return {
        "places": [
            NavigationEntry(
                reverse(name, args=[study.slug]), LABELS[name], name == here, counts.get(name, 0), name == "jobs"
            )
            for name in names
        ]
    }


def places(user: Any, member: Member | None) -> tuple[str, ...]:
    """Return the URL names of a person's links in the header, in order."""
    active = member is not None and member.state == Member.State.ACTIVE
    names: tuple[str, ...] = ()
    if user.is_site_admin or (active and member is not None and member.role == Member.Role.ADMIN):
        names += LEAD
    elif active and member is not None and member.role == Member.Role.RESEARCHER:
        names += RESULTS
    if member is not None and member.role in (Member.Role.ANNOTATOR, Member.Role.ADMIN):
        names += SCORING
    return (*names, "rubric")
