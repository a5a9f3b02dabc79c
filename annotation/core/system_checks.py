"""Django system checks that must pass before the platform is public."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from annotation.models import User

from .restore_marker import find_unfinished_restore


def demo_logins() -> list[str]:
    """Return existing logins whose passwords the demo prints; none before the tables exist."""
    if User._meta.db_table not in connection.introspection.table_names():
        return []
    open_ones = User.objects.filter(is_demo=True, is_active=True).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return list(open_ones.order_by("username").values_list("username", flat=True))


@register(Tags.security, deploy=True)
def no_demo_logins(**_: Any) -> list[CheckMessage]:
    """Report demo logins anywhere but in the demo and on a developer's machine."""
    if settings.DEMO or settings.DEBUG:
        return []
    logins = demo_logins()
    if not logins:
        return []
    return [
        Error(
            f"This database holds demo logins, whose passwords everybody knows: {', '.join(logins)}.",
            hint="Use a database of its own (DATABASE_URL or DATA_DIR), or start this one as a demo (DEMO=1).",
            id="annotation.E001",
        )
    ]


@register(Tags.security, deploy=True)
def no_unfinished_restore(**_: Any) -> list[CheckMessage]:
    """Report an installation in which a restore is unfinished."""
    left = find_unfinished_restore()
    if left is None:
        return []
    return [Error("A backup was not restored to its end here.", hint=left.sentence, id="annotation.E002")]
