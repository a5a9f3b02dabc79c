"""The account page: details, password, API tokens and sessions.

Each form has its own address and leads back to the page.
"""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from annotation.core.errors import WorkflowError
from annotation.models import ApiToken
from annotation.studies import accounts, logins
from frontend.forms.accounts import ChangePasswordForm, DetailsForm, SignOutEverywhereForm, TokenForm
from frontend.forms.base import PageForm

from .common import render_page, viewer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show the page; POST changes the details."""
    if request.method != "POST":
        return _render_account(request)
    form = DetailsForm(request.POST, auto_id="details_%s")
    if not form.is_valid():
        return _render_account(request, details=form, status=400)
    try:
        accounts.change_details(by=viewer(request), **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_account(request, details=form, status=error.status)
    messages.success(request, _("Saved."))
    return redirect("account")


@sensitive_post_parameters()
@login_required
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Set a new password and stay signed in here; everywhere else the sessions end."""
    form = ChangePasswordForm(request.POST, auto_id="password_%s")
    if not form.is_valid():
        return _render_account(request, password=form, status=400)
    try:
        user = accounts.change_password(by=viewer(request), **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_account(request, password=form, status=error.status)
    update_session_auth_hash(request, user)
    messages.success(request, _("The password is changed. Other browsers are signed out."))
    return redirect("account")


@login_required
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    """Create an API token and show it once, in the response.

    The token itself is stored nowhere, so there is no page to redirect to.
    """
    form = TokenForm(request.POST, auto_id="token_%s")
    if not form.is_valid():
        return _render_account(request, token=form, status=400)
    try:
        token, secret = logins.create_token(by=viewer(request), user=viewer(request), name=form.cleaned_data["name"])
    except WorkflowError as error:
        form.refuse(error)
        return _render_account(request, token=form, status=error.status)
    return _render_account(request, new_token=token, secret=secret)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """Revoke one of the viewer's own tokens."""
    token = get_object_or_404(ApiToken, pk=token_id, user=viewer(request))
    logins.revoke_token(by=viewer(request), token=token)
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("account")


@sensitive_post_parameters()
@login_required
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    form = SignOutEverywhereForm(request.POST, auto_id="sessions_%s")
    if not form.is_valid():
        return _render_account(request, sessions=form, status=400)
    try:
        user = accounts.sign_out_everywhere(by=viewer(request), password=form.cleaned_data["password"])
    except WorkflowError as error:
        form.refuse(error)
        return _render_account(request, sessions=form, status=error.status)
    update_session_auth_hash(request, user)
    messages.success(request, _("Every other browser is signed out."))
    return redirect("account")


def _render_account(
    request: HttpRequest,
    *,
    details: PageForm | None = None,
    password: PageForm | None = None,
    token: PageForm | None = None,
    sessions: PageForm | None = None,
    new_token: ApiToken | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    user = viewer(request)
    initial = {name: getattr(user, name) for name in ("name", "email", "time_zone", "theme", "digest")}
    context = {
        "details": (details or DetailsForm(initial=initial, auto_id="details_%s")).prepare(),
        "password": (password or ChangePasswordForm(auto_id="password_%s")).prepare(),
        "token": (token or TokenForm(auto_id="token_%s")).prepare(),
        "sessions": (sessions or SignOutEverywhereForm(auto_id="sessions_%s")).prepare(),
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("created_at"),
        "new_token": new_token,
        "secret": secret,
    }
    return render_page(request, "account.html", context, status=status)
