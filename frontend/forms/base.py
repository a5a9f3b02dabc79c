"""The base of all forms: how they look and how they show a refusal."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import WorkflowError


class PageForm(forms.Form):
    """A form in one column; the first wrong field takes the focus."""

    template_name = "frontend/parts/form_fields.html"
    error_fields: dict[str, str] = {}
    """Form field by the field name that a service uses, where the two differ."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def refuse(self, error: WorkflowError) -> None:
        """Show a service's refusal beside the fields that it names.

        Where it names none of this form, it stands above the form.
        """
        has_field = False
        for path, message in error.fields.items():
            name = self.error_fields.get(path, path)
            if name in self.fields:
                self.add_error(name, message)
                has_field = True
        if not has_field:
            self.add_error(None, error.message)

    @property
    def has_field_errors(self) -> bool:
        """Is a field wrong, and not only the form as a whole?"""
        return any(name != NON_FIELD_ERRORS for name in self.errors)

    def prepare(self) -> "PageForm":
        """Give the focus to the first wrong field; call it before the form is shown."""
        wrong = next((name for name in self.fields if self.is_bound and name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True
        return self


def password_field(label: Any, *, new: bool = False, help_text: Any = "") -> forms.CharField:
    """Return a password field that password managers understand; its texts may be lazy translations."""
    autocomplete = "new-password" if new else "current-password"
    return forms.CharField(
        label=label,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": _("Enter a password.")},
    )
