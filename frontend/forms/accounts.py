"""The forms of an account: sign-in, details, password and tokens."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from .base import PageForm, password_field

password_rules = lazy(password_validators_help_text_html, str)


def username_field() -> forms.CharField:
    """Return a field for a username, which password managers understand."""
    attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=_("Username"),
        max_length=80,
        widget=forms.TextInput(attrs=attrs),
        error_messages={"required": _("Enter a username.")},
    )


class SignInForm(PageForm, AuthenticationForm):
    """Username and password."""

    username = username_field()
    password = password_field(_("Password"))
    error_messages = {
        "invalid_login": _("This username and password do not belong together. Both are case-sensitive."),
        "inactive": _("This account is closed."),
    }


class NewAccountForm(PageForm):
    """A new login."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As the admins of the study should see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    username = username_field()
    password = password_field(_("Password"), new=True, help_text=password_rules())


class DetailsForm(PageForm):
    """Name, mail, zone, theme, and whether mail is wanted."""

    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("Times are shown in it."))
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[("", _("as the system")), ("light", _("light")), ("dark", _("dark"))],
        widget=forms.RadioSelect(attrs={"class": "choices"}),
    )

    digest = forms.ChoiceField(
        label=_("Mail about discussions that wait for you"),
        required=False,
        choices=[("", _("none")), ("daily", _("once a day, if something waits"))],
        help_text=_("It names studies and numbers, nothing of what was said."),
        widget=forms.RadioSelect(attrs={"class": "choices"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]
        if not settings.SENDS_MAIL:
            self.fields["digest"].help_text = _("This server sends no mail so far; its administrator can change that.")


class ChangePasswordForm(PageForm):
    """The old password and a new one."""

    old = password_field(_("Password now"))
    new = password_field(_("New password"), new=True, help_text=password_rules())


class SetPasswordForm(PageForm):
    """A password for the bearer of a one-time link."""

    new = password_field(_("New password"), new=True, help_text=password_rules())


class TokenForm(PageForm):
    """The name of a new API token."""

    name = forms.CharField(
        label=_("Name of the token"),
        max_length=80,
        help_text=_("For example the program or the machine that uses it."),
        error_messages={"required": _("Give the token a name.")},
    )


class SignOutEverywhereForm(PageForm):
    """The password, as proof."""

    password = password_field(_("Your password"))
