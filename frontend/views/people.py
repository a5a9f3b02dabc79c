"""The people of a study: members, roles, states and invitations."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core import permissions
from annotation.core.errors import WorkflowError
from annotation.core.rubric_cache import load_rubric
from annotation.core.visibility import open_participations
from annotation.models import Invitation, Member, Study, User
from annotation.reports import summaries
from annotation.studies import accounts, invitations, studies
from frontend.forms.studies import InviteForm, MemberForm
from frontend.presenters import vocabulary
from frontend.presenters.annotators import annotator_page
from frontend.presenters.influence import rows_of_annotator
from frontend.presenters.stored_reports import load_study_reports

from .common import render_page, viewer, visible_study

OPEN_CASES = {"open": Count("pk"), "waits": Count("pk", filter=Q(waits=True))}
CANNOT_ANSWER = ~Q(member__state=Member.State.ACTIVE) | Q(member__user=None)


@login_required
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """List members and open invitations."""
    return _render_people(request, _led_study(request, slug), InviteForm())


@login_required
@require_POST
def create_invitation(request: HttpRequest, slug: str) -> HttpResponse:
    """Create an invitation and show its link once, in the response.

    Only its hash is stored.
    """
    study = _led_study(request, slug)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _render_people(request, study, form, status=400)
    try:
        invitation, secret = invitations.create_invitation(by=viewer(request), study=study, **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_people(request, study, form, status=error.status)
    return _render_people(request, study, InviteForm(), invitation=invitation, link=_join_link(request, secret))


@login_required
@require_POST
def revoke_invitation(request: HttpRequest, slug: str, invitation_id: str) -> HttpResponse:
    """Revoke an invitation."""
    study = _led_study(request, slug)
    invitation = Invitation.objects.filter(study=study, pk=invitation_id).first()
    if invitation is None:
        raise Http404(_("There is no such invitation."))
    invitations.revoke_invitation(by=viewer(request), invitation=invitation)
    messages.success(request, _("The link is of no use any more."))
    return redirect("people", slug=study.slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    """Show one member, to researchers under their pseudonym; POST changes role and state."""
    study = visible_study(request, slug)
    if request.method != "POST":
        permissions.require_results(viewer(request), study)
        return _render_member(request, study, _find_member(study, member_id))
    permissions.require_lead(viewer(request), study)
    member_row = _find_member(study, member_id)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _render_member(request, study, member_row, form=form, status=400)
    try:
        studies.change_member(by=viewer(request), member=member_row, **form.cleaned_data)
    except WorkflowError as error:
        form.refuse(error)
        return _render_member(request, study, member_row, form=form, status=error.status)
    messages.success(request, _("Saved."))
    return redirect("people", slug=study.slug)


@login_required
@require_POST
def invite_member(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    """Create a link by which a person takes over a member without login."""
    study = _led_study(request, slug)
    member = _find_member(study, member_id)
    _invitation, secret = invitations.create_invitation(
        by=viewer(request), study=study, role=member.role, member=member
    )
    return _render_member(request, study, member, link=_join_link(request, secret))


@login_required
@require_POST
def password_link(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    """Make a link by which a member sets a new password once; for site administrators."""
    study = _led_study(request, slug)
    member = _find_member(study, member_id)
    if member.user is None:
        raise Http404(_("This member has no login."))
    uid, token = accounts.make_password_link(by=viewer(request), user=member.user)
    link = request.build_absolute_uri(reverse("set-password", args=[uid, token]))
    return _render_member(request, study, member, link=link)


def _led_study(request: HttpRequest, slug: str) -> Study:
    study = visible_study(request, slug)
    permissions.require_lead(viewer(request), study)
    return study


def _find_member(study: Study, member_id: str) -> Member:
    member = Member.objects.select_related("user", "study").filter(study=study, public_id=member_id).first()
    if member is None:
        raise Http404(_("There is no such member."))
    return member


def _join_link(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("join", args=[secret]))


def _render_people(
    request: HttpRequest,
    study: Study,
    form: InviteForm,
    *,
    invitation: Invitation | None = None,
    link: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    cases = {row["member"]: row for row in open_participations(study).values("member").annotate(**OPEN_CASES)}
    work = {row.member.pk: row for row in summaries.members_work(study)}
    members = Member.objects.filter(study=study).select_related("user").order_by("state", "role", "name")
    context: dict[str, Any] = {
        "study": study,
        "rows": [{"member": row, "work": work.get(row.pk), "cases": cases.get(row.pk)} for row in members],
        "stuck": open_participations(study).filter(CANNOT_ANSWER).aggregate(n=Count("discussion", distinct=True))["n"],
        "invitations": Invitation.objects.filter(study=study, revoked_at=None, expires_at__gt=now, uses_left__gt=0)
        .select_related("member", "created_by")
        .order_by("expires_at"),
        "form": form.prepare(),
        "invitation": invitation,
        "link": link,
    }
    return render_page(request, "people.html", context, status=status)


def _render_member(
    request: HttpRequest,
    study: Study,
    member: Member,
    *,
    form: MemberForm | None = None,
    link: str = "",
    status: int = 200,
) -> HttpResponse:
    form = form or MemberForm(initial={"role": member.role, "state": member.state})
    user: User = viewer(request)
    leads = permissions.may_lead(user, study)
    reports = load_study_reports(study)
    context = {
        "study": study,
        "member": member,
        "name": vocabulary.member_name(member, names=leads),
        "back": reverse("member", args=[study.slug, member.public_id]),
        "reports": reports,
        "met": rows_of_annotator(reports.influence, member, names=leads),
        "own": annotator_page(reports, member.public_id, load_rubric(study.rubric_id)),
        "last_at": summaries.last_score(member),
        "leads": leads,
        "form": form.prepare(),
        "link": link,
        "may_link_password": user.is_site_admin and member.user is not None,
    }
    return render_page(request, "member.html", context, status=status)
