"""The web process."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()


def refuse_demo_logins() -> None:
    """Stop the process rather than serve logins that everybody knows; a missing check would be noticed too late."""
    from annotation.checks import no_demo_logins

    for fault in no_demo_logins():
        raise ImproperlyConfigured(f"{fault.msg} {fault.hint}")


refuse_demo_logins()
