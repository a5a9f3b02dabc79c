"""The page that an invitation's link opens."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from annotation.core.errors import WorkflowError
from annotation.models import Invitation, Member, User
from annotation.studies import accounts, invitations
from frontend.forms.accounts import NewAccountForm

from .common import render_page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Show an invitation; POST accepts it, for a newcomer together with an account.

    Coming again, or sending twice, leads a member to the study and changes nothing.
    """
    user = request.user if isinstance(request.user, User) else None
    if user is not None:
        member = accounts.find_membership_by_link(user=user, secret=secret)
        if member is not None:
            return redirect("study", slug=member.study.slug)
    try:
        invitation = invitations.find_invitation(secret)
    except WorkflowError as error:
        return render_page(request, "join_refused.html", {"reason": error.message}, status=error.status)
    if request.method != "POST":
        return _render_join_page(request, invitation, secret)
    if user is not None:
        return _welcome_member(request, invitations.accept_invitation(user=user, secret=secret))
    return _join_with_new_account(request, invitation, secret)


def _join_with_new_account(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    form = NewAccountForm(request.POST)
    if not form.is_valid():
        return _render_join_page(request, invitation, secret, form, status=400)
    try:
        user, member = accounts.join_with_new_account(secret=secret, **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_join_page(request, invitation, secret, form, status=error.status)
    login(request, user, backend=BACKEND)
    return _welcome_member(request, member)


def _welcome_member(request: HttpRequest, member: Member) -> HttpResponse:
    messages.success(request, _("Welcome to %(study)s.") % {"study": member.study.title})
    return redirect("study", slug=member.study.slug)


def _render_join_page(
    request: HttpRequest, invitation: Invitation, secret: str, form: NewAccountForm | None = None, *, status: int = 200
) -> HttpResponse:
    form = form or NewAccountForm(initial={"name": invitation.member.name if invitation.member else ""})
    form.prepare()
    return render_page(request, "join.html", {"invitation": invitation, "form": form, "secret": secret}, status=status)
