"""Addresses that commands print for people to follow."""

from django.conf import settings
from django.urls import reverse

from annotation.models import User
from annotation.studies.accounts import make_password_link


def site_address() -> str:
    """Return the address under which people reach the pages, as far as the settings tell."""
    origins = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin]
    return (origins or [f"http://localhost:{settings.PORT}"])[0]


def set_password_address(user: User) -> str:
    """Return a link by which the person sets a password; it can be used once."""
    return site_address() + reverse("set-password", args=make_password_link(by=None, user=user))
