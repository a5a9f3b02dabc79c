"""Logins and the secrets that programs use in their place."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation import permissions
from annotation.errors import BadInput, NotAllowed, WrongState
from annotation.models import ApiToken, Member, User

from .leases import release_held
from .studies import hash_secret

TOKEN_PREFIX = "syn_"  # noqa: S105 - a prefix that secret scanners can look for


def create_user(*, username: str, password: str | None = None, name: str = "", email: str = "", **flags: bool) -> User:
    """Create a login. Without a password nobody can sign in until a link to set one is used.

    Raises:
        BadInput: the password breaks a rule, or the username is empty or malformed.
        WrongState: the username is taken.
    """
    username = username.strip()
    if not username or len(username) > 80 or not username.isprintable() or "/" in username:
        raise BadInput("Choose a username of 1 to 80 characters.", fields={"username": "1 to 80 printable characters."})
    user = User(username=username, name=name.strip(), email=email.strip(), **flags)
    if password is not None:
        check_password_rules(password, user=user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise WrongState(
            f"The username {username!r} is taken.", code="exists", fields={"username": "Choose another one."}
        ) from None
    return user


def make_site_admin(*, by: User | None, user: User) -> None:
    """Let a person create studies and lead every one of them; ``by=None`` is the command line."""
    if by is not None:
        permissions.require_site_admin(by)
    User.objects.filter(pk=user.pk).update(is_site_admin=True)


def check_password_rules(password: str, *, user: User) -> None:
    """Raise `BadInput` naming every password rule that is broken."""
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise BadInput("This password is too easy to guess.", fields={"password": " ".join(error.messages)}) from None


def create_token(*, by: User, user: User, name: str) -> tuple[ApiToken, str]:
    """Make a token that acts as ``user``; returns it with the secret, which is not stored."""
    if by != user and not by.is_site_admin:
        raise NotAllowed("Tokens are made by the person that they act as.")
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise BadInput("Give the token a name.", fields={"name": "1 to 80 characters."})
    secret = TOKEN_PREFIX + secrets.token_urlsafe(30)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(user=user, name=name, secret_hash=hash_secret(secret))
    except IntegrityError:
        raise WrongState(
            f"There is already a token {name!r}.", code="exists", fields={"name": "Revoke it or choose another name."}
        ) from None
    return token, secret


def revoke_token(*, by: User, token: ApiToken) -> None:
    """Make a token useless from now on; doing it twice changes nothing."""
    if by != token.user and not by.is_site_admin:
        raise NotAllowed("Only its owner may revoke a token.")
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def erase(*, by: User, user: User) -> None:
    """Forget a person's name, mail and login; their scores stay under the pseudonym of each study."""
    if by != user:
        permissions.require_site_admin(by)
    with transaction.atomic():
        for member in Member.objects.select_for_update(no_key=True).filter(user=user):
            release_held(member=member)
            member.name, member.state = f"R-{member.public_id}", Member.State.LEFT
            member.save(update_fields=["name", "state"])
        ApiToken.objects.filter(user=user).delete()
        user = User.objects.select_for_update().get(pk=user.pk)
        user.username, user.name, user.email, user.is_active = f"erased-{user.pk}", "", "", False
        user.digest = ""
        user.set_unusable_password()
        user.save()
