"""A person's own account: joining, details, password and sessions."""

import zoneinfo

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.models import Invitation, Member, User

from .invitations import accept_invitation, find_invitation
from .logins import check_password_rules, create_user
from .studies import hash_secret


def change_details(*, by: User, name: str, email: str, time_zone: str, theme: str, digest: str = "") -> User:
    """Change a person's name, mail and preferences.

    An empty zone is UTC, an empty theme follows the system, an empty digest is no mail about what waits.
    """
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise BadInput("There is no such time zone.", fields={"time_zone": "Choose one of the list."})
    if theme not in ("", "light", "dark"):
        raise BadInput("There is no such theme.", fields={"theme": "Choose one of the list."})
    if digest not in ("", "daily"):
        raise BadInput("There is no such mail.", fields={"digest": "Choose one of the list."})
    if digest and not email.strip():
        raise BadInput("There is no address to send mail to.", fields={"email": "Needed for mail about discussions."})
    if len(name) > 120:
        raise BadInput("The name is too long.", fields={"name": "At most 120 characters."})
    by.name, by.email, by.time_zone, by.theme, by.digest = name.strip(), email.strip(), time_zone, theme, digest
    by.save(update_fields=["name", "email", "time_zone", "theme", "digest"])
    return by


def change_password(*, by: User, old: str, new: str) -> User:
    """Set a new password, checking the old one.

    Every other session of the person ends.
    """
    with transaction.atomic():
        user = _check_password(by, old, field="old")
        _set_password(user, new)
    return user


def sign_out_everywhere(*, by: User, password: str) -> User:
    """End every session of the person.

    Sessions carry a hash of the stored password, which holds a random salt: storing the same password anew ends them.
    """
    with transaction.atomic():
        user = _check_password(by, password, field="password")
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def make_password_link(*, by: User | None, user: User) -> tuple[str, str]:
    """Return the two parts of a link for setting a password once.

    It works for ``user`` until it expires or is used.

    Whoever holds it holds the account, in every study; so only a site administrator makes one, or the command line
    (``by=None``).
    """
    if by is not None:
        permissions.require_site_admin(by)
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def set_password_by_link(*, user: User, new: str) -> User:
    """Set a password for the bearer of a link.

    The caller has checked the link, which becomes invalid with the old password.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        _set_password(user, new)
    return user


def join_with_new_account(*, secret: str, username: str, password: str, name: str) -> tuple[User, Member]:
    """Create a login for the bearer of an invitation and accept it.

    Both happen, or neither.
    """
    with transaction.atomic():
        find_invitation(secret)
        user = create_user(username=username, password=password, name=name)
        return user, accept_invitation(user=user, secret=secret)


def find_membership_by_link(*, user: User, secret: str) -> Member | None:
    """Return a person's membership in the study of an invitation link.

    It is found even where the link has expired or is used up.
    """
    invitation = Invitation.objects.select_related("study").filter(secret_hash=hash_secret(secret)).first()
    return permissions.find_member(user, invitation.study) if invitation else None


def _check_password(by: User, password: str, *, field: str) -> User:
    user = User.objects.select_for_update().get(pk=by.pk)
    if not user.check_password(password):
        raise BadInput("That is not your password.", fields={field: "That is not your password."})
    return user


def _set_password(user: User, new: str) -> None:
    try:
        check_password_rules(new, user=user)
    except BadInput as error:
        raise BadInput(error.message, fields={"new": error.fields.get("password", error.message)}) from None
    user.set_password(new)
    user.save(update_fields=["password"])
