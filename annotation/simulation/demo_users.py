"""Creates the users of the demo, whose logins are public, on demo servers only."""

from dataclasses import dataclass

from django.conf import settings

from annotation.core.errors import NotAllowed, WrongState
from annotation.models import Member, Study, User
from annotation.studies import logins, studies

PASSWORD = "blue heron on the lake"  # noqa: S105 - printed, and refused outside of the demo


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login of the demo; without password where its owner has changed it."""

    username: str
    role: str
    password: str | None


def require_demo() -> None:
    """Raise `NotAllowed` where this is neither a demo nor a development server."""
    if not (settings.DEMO or settings.DEBUG):
        raise NotAllowed("The demo brings logins that everybody knows: set DEMO=1, and never where real work is done.")


def get_or_create_demo_user(study: Study, username: str, name: str, role: Member.Role) -> User:
    """Return a demo user who is a member of the study, created where missing.

    Raises:
        WrongState: the login belongs to a user who is not of the demo.
    """
    if User.objects.filter(username=username, is_demo=False).exists():
        raise WrongState(
            f"The demo needs the login {username!r}, which is somebody's here. Run it in a DATA_DIR of its own.",
            code="exists",
        )
    user = User.objects.filter(username=username).first() or logins.create_user(
        username=username, password=PASSWORD, name=name, is_demo=True
    )
    if not Member.objects.filter(study=study, user=user).exists():
        studies.add_member(by=None, study=study, name=name, role=role, user=user)
    return user


def demo_login(user: User, role: Member.Role) -> DemoLogin:
    """Return the login of a demo user."""
    return DemoLogin(user.username, str(role.label), PASSWORD if user.check_password(PASSWORD) else None)
