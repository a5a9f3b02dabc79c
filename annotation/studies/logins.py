"""Creates and erases logins, and the tokens that programs use."""

import secrets

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core import permissions
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import record_step
from annotation.core.transactions import write_transaction
from annotation.models import ApiToken, Member, User
from annotation.scoring.leases import release_member_leases

from .studies import hash_secret

TOKEN_PREFIX = "syn_"  # noqa: S105 - a prefix that secret scanners can look for
ERASED_PREFIX = "erased-"
"""How the usernames of erased people begin, and nobody else's."""


def create_user(*, username: str, password: str | None = None, name: str = "", email: str = "", **flags: bool) -> User:
    """Create a login.

    Without a password nobody can sign in until a link to set one is used.

    Raises:
        BadInput: the password breaks a rule, or the username is empty or malformed.
        WrongState: the username is taken.
    """
    username = username.strip()
    if not username or len(username) > 80 or not username.isprintable() or "/" in username:
        raise BadInput("Choose a username of 1 to 80 characters.", fields={"username": "1 to 80 printable characters."})
    if username.startswith(ERASED_PREFIX):
        raise BadInput("Choose another username.", fields={"username": f"It must not begin with {ERASED_PREFIX}."})
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
    """Let a person create studies and lead every one of them.

    ``by=None`` is the command line.
    """
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
    """Create a token that acts as ``user``, and return it with its secret.

    The secret is not stored.
    """
    permissions.require_may_make_token(by, user)
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
    """Revoke a token; doing it twice changes nothing."""
    permissions.require_may_revoke_token(by, token.user)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def is_erased(user: User) -> bool:
    """Return whether a person's data have been erased."""
    return user.username == _erased_username(user)


def erase_user(*, by: User | None, user: User) -> None:
    """Erase a person's name, mail, login and sign-ins.

    Their scores stay under the pseudonym of each study.

    ``by=None`` is the command line. It cannot be undone; doing it twice changes nothing.
    """
    if by is not None:
        permissions.require_may_erase(by, user)
    with write_transaction():
        for member in Member.objects.select_for_update(no_key=True).filter(user=user):
            _anonymize_member(member, by=by)
        ApiToken.objects.filter(user=user).delete()
        user = User.objects.select_for_update().get(pk=user.pk)
        for log_model in (AccessAttempt, AccessFailureLog, AccessLog):
            log_model.objects.filter(username=user.username).delete()
        user.username, user.name, user.email = _erased_username(user), "", ""
        user.time_zone, user.theme, user.digest = "", "", ""
        user.is_active, user.is_site_admin = False, False
        user.set_unusable_password()
        user.save()


def _erased_username(user: User) -> str:
    return f"{ERASED_PREFIX}{user.pk}"


def _anonymize_member(member: Member, *, by: User | None) -> None:
    """End a membership and rename it to its pseudonym.

    Call it in a transaction that has locked the row.
    """
    pseudonym = member.pseudonym
    if (member.name, member.state) == (pseudonym, Member.State.LEFT):
        return
    release_member_leases(member=member)
    member.name, member.state = pseudonym, Member.State.LEFT
    member.save(update_fields=["name", "state"])
    record_step("member_erased", study=member.study, by=by, member=member)
