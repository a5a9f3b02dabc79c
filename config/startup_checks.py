"""Checks that must pass before the server starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from annotation.core.system_checks import no_demo_logins, no_unfinished_restore


@register(Tags.security, deploy=True)
def no_default_secret(**_: Any) -> list[CheckMessage]:
    """Report the default secret key anywhere but in the demo and with DEBUG.

    Commands need none: whoever runs them holds the database.
    """
    if settings.SECRET_KEY != settings.DEFAULT_SECRET_KEY or settings.DEMO or settings.DEBUG:
        return []
    return [
        Error(
            "SECRET_KEY is not set.",
            hint="Give the server a secret of its own (SECRET_KEY=…, 50 random characters), or start the demo "
            "(manage.py up --demo) or a development server (DEBUG=1).",
            id="config.E001",
        )
    ]


def require_safe_start() -> None:
    """Raise where the secret is public, demo logins exist, or a restore is unfinished.

    Raises:
        ImproperlyConfigured: naming the first fault and its remedy.
    """
    for fault in [*no_default_secret(), *no_demo_logins(), *no_unfinished_restore()]:
        raise ImproperlyConfigured(f"{fault.msg} {fault.hint}")
