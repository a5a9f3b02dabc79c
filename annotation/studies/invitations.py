"""Creates, revokes and accepts invitations to studies."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.core.history import record_step
from annotation.models import Invitation, Member, Study, User
from annotation.scoring.exposures import record_scored_elsewhere

from .studies import check_role, hash_secret


def create_invitation(
    *,
    by: User | None,
    study: Study,
    role: str,
    note: str = "",
    uses: int = 1,
    days: int = 14,
    member: Member | None = None,
) -> tuple[Invitation, str]:
    """Create an invitation and return it with its secret.

    The secret is not stored.

    With ``member`` the bearer takes over that member without login, with the scores imported under their name.
    """
    if by is not None:
        permissions.require_lead(by, study)
    check_role(role)
    if not 1 <= uses <= 1000:
        raise BadInput("An invitation is good for 1 to 1,000 people.", fields={"uses": "From 1 to 1,000."})
    if not 1 <= days <= 365:
        raise BadInput("An invitation lasts 1 to 365 days.", fields={"days": "From 1 to 365."})
    if member is not None and (member.study_id != study.pk or member.user_id is not None or uses != 1):
        raise WrongState("Only a member of this study without a login can be linked, by one person.", code="linked")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            study=study,
            role=role,
            member=member,
            note=note,
            uses_left=uses,
            secret_hash=hash_secret(secret),
            expires_at=timezone.now() + timedelta(days=days),
            created_by=by,
        )
        record_step("invited", study=study, by=by, member=member, role=role, uses=uses, invitation=invitation.pk)
    return invitation, secret


def revoke_invitation(*, by: User, invitation: Invitation) -> None:
    """Revoke an invitation; doing it twice changes nothing."""
    permissions.require_lead(by, invitation.study)
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record_step("invitation_revoked", study=invitation.study, by=by, invitation=invitation.pk)


def find_invitation(secret: str) -> Invitation:
    """Return the invitation of a link's secret.

    Raises:
        NotFound: there is no such link.
        WrongState: it was revoked, has expired or is used up.
    """
    invitation = Invitation.objects.select_related("study", "member").filter(secret_hash=hash_secret(secret)).first()
    if invitation is None:
        raise NotFound("This invitation does not exist. Ask for a new link.")
    if invitation.revoked_at:
        raise WrongState("This invitation was taken back. Ask for a new link.", code="invitation_revoked")
    if invitation.expires_at <= timezone.now():
        raise WrongState("This invitation has expired. Ask for a new link.", code="invitation_expired")
    if invitation.uses_left == 0:
        raise WrongState("This invitation has been used. Ask for a new link.", code="invitation_used")
    return invitation


def accept_invitation(*, user: User, secret: str) -> Member:
    """Join the study of an invitation.

    Somebody who is a member already keeps their role.
    """
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(secret_hash=hash_secret(secret)).first()
        if row is not None:
            existing = permissions.find_member(user, row.study)
            if existing is not None:
                return existing
        invitation = find_invitation(secret)
        if invitation.member is not None:
            member = Member.objects.select_for_update(no_key=True).get(pk=invitation.member.pk)
            if member.user_id is not None:
                raise WrongState("Somebody else has taken this place.", code="linked")
            member.user, member.role = user, invitation.role
            member.save(update_fields=["user", "role"])
            record_scored_elsewhere(study=invitation.study)
        else:
            member = _join(user=user, invitation=invitation)
        invitation.uses_left -= 1
        invitation.save(update_fields=["uses_left"])
        record_step("joined", study=invitation.study, by=user, member=member, invitation=invitation.pk)
    return member


def _join(*, user: User, invitation: Invitation) -> Member:
    study = invitation.study
    returning = Member.objects.filter(study=study, user=user).first()
    if returning is not None:
        returning.role, returning.state = invitation.role, Member.State.ACTIVE
        returning.save(update_fields=["role", "state"])
        return returning
    name = user.name or user.username
    if Member.objects.filter(study=study, name=name).exists():
        name = f"{name} ({user.username})"
    return Member.objects.create(study=study, user=user, name=name, role=invitation.role)
