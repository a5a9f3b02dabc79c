"""What a server must not start with, once people can reach it."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from annotation.core.system_checks import no_demo_logins, no_unfinished_restore


@register(Tags.security, deploy=True)
def no_default_secret(**_: Any) -> list[CheckMessage]:
    """Refuse the secret that stands in the settings anywhere but in the demo and on a developer's machine.

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
    """Stop the process rather than serve with a known secret, logins that everybody knows or half of the data.

    Raises:
        ImproperlyConfigured: naming the first fault and its remedy.
    """
    for fault in [*no_default_secret(), *no_demo_logins(), *no_unfinished_restore()]:
        raise ImproperlyConfigured(f"{fault.msg} {fault.hint}")
