"""Permissions: who may score, lead, read results, and act for others.

The ``require_*`` functions answer a stranger with "not found" and a member of the wrong role with "not allowed".
"""

from annotation.models import Member, Study, User

from .errors import NotAllowed, NotFound

ADMIN, ANNOTATOR, RESEARCHER = Member.Role.ADMIN, Member.Role.ANNOTATOR, Member.Role.RESEARCHER


def find_member(user: User, study: Study) -> Member | None:
    """Return the user's membership of the study; None for somebody who has left."""
    return Member.objects.filter(study=study, user=user).exclude(state=Member.State.LEFT).first()


def may_score(member: Member) -> bool:
    """Annotators score; so do admins, but only samples that they have not looked into."""
    return member.role in (ANNOTATOR, ADMIN) and member.state == Member.State.ACTIVE


def leads_as(user: User, member: Member | None) -> bool:
    """Whether the user leads a study, given their membership of it, if any."""
    if user.is_site_admin:
        return True
    return member is not None and member.role == ADMIN and member.state == Member.State.ACTIVE


def reads_results_as(user: User, member: Member | None) -> bool:
    """Whether the user reads a study's scores, given their membership of it, if any."""
    if user.is_site_admin:
        return True
    return member is not None and member.role in (ADMIN, RESEARCHER) and member.state == Member.State.ACTIVE


def may_lead(user: User, study: Study) -> bool:
    """Admins of the study and of the site lead it; a paused admin does not."""
    return user.is_site_admin or leads_as(user, find_member(user, study))


def may_read_results(user: User, study: Study) -> bool:
    """Admins and researchers read scores; researchers see pseudonyms in place of names."""
    return user.is_site_admin or reads_results_as(user, find_member(user, study))


def may_create_studies(user: User) -> bool:
    """Site administrators create studies; so do the active admins of any study."""
    return user.is_site_admin or Member.objects.filter(user=user, role=ADMIN, state=Member.State.ACTIVE).exists()


def may_act_for(by: User, user: User) -> bool:
    """People manage their own tokens and erase themselves; site administrators do both for anybody."""
    return by == user or by.is_site_admin


def require_member(user: User, study: Study) -> Member:
    """Return the user's membership of the study, or raise `NotFound`."""
    member = find_member(user, study)
    if member is None:
        raise NotFound("There is no such study, or you are not a member of it.")
    return member


def require_visible(user: User, study: Study) -> Member | None:
    """Return the user's membership, None for a site admin without one; raise `NotFound` for others."""
    return find_member(user, study) if user.is_site_admin else require_member(user, study)


def require_lead(user: User, study: Study) -> Member | None:
    """Return what `require_visible` does, or raise unless the user leads the study."""
    member = require_visible(user, study)
    if not leads_as(user, member):
        raise NotAllowed("Only the admins of this study may do this.")
    return member


def require_results(user: User, study: Study) -> Member | None:
    """Return what `require_visible` does, or raise unless the user may read the study's scores."""
    member = require_visible(user, study)
    if not reads_results_as(user, member):
        raise NotAllowed("Only admins and researchers of this study may see this.")
    return member


def require_may_create_studies(user: User) -> None:
    """Raise `NotAllowed` unless the user may create studies."""
    if not may_create_studies(user):
        raise NotAllowed("Only those who lead a study, and site administrators, may create one.")


def require_site_admin(user: User) -> None:
    """Raise `NotAllowed` unless the user administrates the site."""
    if not user.is_site_admin:
        raise NotAllowed("Only a site administrator may do this.")


def require_may_make_token(by: User, user: User) -> None:
    """Raise `NotAllowed` unless ``by`` may make tokens that act as ``user``."""
    if not may_act_for(by, user):
        raise NotAllowed("Tokens are made by the person that they act as.")


def require_may_revoke_token(by: User, user: User) -> None:
    """Raise `NotAllowed` unless ``by`` may revoke tokens that act as ``user``."""
    if not may_act_for(by, user):
        raise NotAllowed("Only its owner may revoke a token.")


def require_may_erase(by: User, user: User) -> None:
    """Raise `NotAllowed` unless ``by`` may erase ``user``."""
    if not may_act_for(by, user):
        raise NotAllowed("Only the person, or a site administrator, may do this.")
