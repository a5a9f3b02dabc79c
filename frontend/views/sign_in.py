"""Signing in and out, lockout, and setting a password by a one-time link."""

import math
from typing import Any

from axes.helpers import get_client_ip_address, get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.errors import WorkflowError
from annotation.models import User
from annotation.studies import accounts
from frontend.forms.accounts import SetPasswordForm, SignInForm

from .common import render_page


class SignIn(auth_views.LoginView):
    """Ask for username and password; too many wrong ones lead to `locked_out`."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "frontend/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form.prepare()), status=400)


class SignOut(auth_views.LogoutView):
    """Ends the session of this browser.

    By POST only, so that no picture or link can do it.
    """

    http_method_names = ["post", "options"]


class SetPassword(auth_views.PasswordResetConfirmView):
    """Sets a new password for the bearer of a one-time link.

    The link's secret is removed from the address at once.
    """

    http_method_names = ["get", "head", "post", "options"]
    template_name = "frontend/set_password.html"
    form_class = SetPasswordForm  # type: ignore[assignment]  # ours has no save: a service stores the password
    success_url = reverse_lazy("login")

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        kwargs.pop("user", None)
        return kwargs

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        context["form_user"] = self.user
        if not context["validlink"]:
            kwargs["status"] = 410
        return super().render_to_response(context, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        assert isinstance(self.user, User)
        try:
            accounts.set_password_by_link(user=self.user, new=form.cleaned_data["new"])
        except WorkflowError as error:
            form.refuse(error)
            return self.form_invalid(form)
        self.request.session.pop(auth_views.INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, _("The password is set. Sign in with it."))
        return redirect(str(self.success_url))

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form.prepare()), status=400)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """Show that there were too many wrong passwords, and for how long sign-in is locked."""
    minutes = _minutes_left(request, credentials)
    message = ngettext(
        "Too many wrong passwords. Try again in %(minutes)d minute.",
        "Too many wrong passwords. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
    if request.path.startswith("/api/"):
        answer: HttpResponse = JsonResponse({"code": "locked_out", "message": message, "fields": {}}, status=429)
    else:
        answer = render_page(request, "locked_out.html", {"minutes": minutes}, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer


def _minutes_left(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    cool_off = get_cool_off(request)
    assert cool_off is not None
    last = (
        AccessAttempt.objects.filter(
            username=get_client_username(request, credentials), ip_address=get_client_ip_address(request)
        )
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    left = (last or timezone.now()) + cool_off - timezone.now()
    return max(1, math.ceil(left.total_seconds() / 60))
