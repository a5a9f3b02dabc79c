"""Views of studies and rubrics."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.visibility import rubrics_visible_to, studies_visible_to
from annotation.models import Member, Protocol, Rubric, Study, User
from annotation.studies import rubrics, studies
from api.json_responses import respond_json, simplify_number
from api.pagination import PageQuery, paginate
from api.schema import describe, page_schema
from api.serializers import studies as shapes
from api.serializers.protocols import CopyRequestSerializer

from .base import View, body_of, query_of, study_of, user_of
from .protocols import describe_protocol


class StudiesView(View):
    """The studies visible to the user."""

    @describe("List studies", query=PageQuery, answer=page_schema(shapes.StudyRowSerializer))
    def get(self, request: Request) -> HttpResponse:
        """Mine; all of them for a site administrator."""
        user = user_of(request)
        query = query_of(request, PageQuery)

        def show(rows: Sequence[Study]) -> list[dict[str, Any]]:
            memberships = Member.objects.filter(user=user, study__in=rows).exclude(state=Member.State.LEFT)
            roles = dict(memberships.values_list("study_id", "role"))
            return [_describe_row(study, roles.get(study.pk)) for study in rows]

        return respond_json(paginate(request, studies_visible_to(user), query, order=("slug",), show=show))

    @describe(
        "Make a study",
        request=shapes.StudyRequestSerializer,
        answer=shapes.ShownStudySerializer,
        status=201,
        conflict=True,
    )
    def post(self, request: Request) -> HttpResponse:
        """Site administrators, and admins of any study; who makes it is its first admin."""
        user = user_of(request)
        permissions.require_may_create_studies(user)
        body = body_of(request, shapes.StudyRequestSerializer)
        study = studies.create_study(
            by=user,
            slug=body["slug"],
            title=body.get("title", ""),
            rubric=_find_rubric(body["rubric"]),
            preset=body["protocol"],
            instructions=body["instructions"],
            state=body["state"],
        )
        return respond_json(_describe_study(study, user), status=201)


class OneStudyView(View):
    """One study."""

    @describe("Show a study", answer=shapes.ShownStudySerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """For every member."""
        return respond_json(_describe_study(study_of(request, slug), user_of(request)))

    @describe(
        "Change a study", request=shapes.StudyChangeRequestSerializer, answer=shapes.ShownStudySerializer, conflict=True
    )
    def patch(self, request: Request, slug: str) -> HttpResponse:
        """Admins only; what is not given stays."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        study = studies.change_study(by=user, study=study, **body_of(request, shapes.StudyChangeRequestSerializer))
        return respond_json(_describe_study(study, user))


class CopyStudyView(View):
    """Copies a study."""

    @describe(
        "Copy a study", request=CopyRequestSerializer, answer=shapes.ShownStudySerializer, status=201, conflict=True
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Its rubric, rules and instructions in a new study, in draft and without samples."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_lead(user, study)
        copied = studies.copy_study(by=user, source=study, **body_of(request, CopyRequestSerializer))
        return respond_json(_describe_study(copied, user), status=201)


class RubricsView(View):
    """The rubrics visible to the user."""

    @describe("List rubrics", query=PageQuery, answer=page_schema(shapes.RubricSerializer))
    def get(self, request: Request) -> HttpResponse:
        """Those of my studies; all of them for a site administrator."""
        rows = rubrics_visible_to(user_of(request))
        query = query_of(request, PageQuery)
        return respond_json(
            paginate(
                request,
                rows,
                query,
                order=("key", "-version", "id"),
                show=lambda page_rows: [describe_rubric(load_rubric(row.pk)) for row in page_rows],
            )
        )

    @describe("Import a rubric", request=shapes.RubricRequestSerializer, answer=shapes.RubricSerializer)
    def post(self, request: Request) -> HttpResponse:
        """Site administrators only. The same again changes nothing; a change of one in use is a new version."""
        body = body_of(request, shapes.RubricRequestSerializer)
        stored = rubrics.import_rubric(by=user_of(request), content=body["toml"])
        return respond_json(describe_rubric(load_rubric(stored.rubric.pk)))


def describe_rubric(rubric: RubricDefinition) -> dict[str, Any]:
    """Return a rubric with its dimensions, levels and anchors."""
    return {
        "key": rubric.key,
        "version": rubric.version,
        "title": rubric.title,
        "description": rubric.description,
        "dimensions": [
            {
                "key": dimension.key,
                "name": dimension.name,
                "description": dimension.description,
                "needs": [
                    side
                    for side, needed in (("text", dimension.needs_text), ("image", dimension.needs_image))
                    if needed
                ],
                "missing": simplify_number(dimension.missing_value),
                "levels": [
                    {"value": simplify_number(level.value), "label": level.label, "anchor": level.anchor}
                    for level in dimension.levels
                ],
            }
            for dimension in rubric.dimensions
        ],
    }


def _find_rubric(name: str) -> Rubric:
    try:
        return rubrics.get_or_load(name)
    except NotFound as missing:
        # The address exists; it is the field that names nothing.
        raise BadInput(missing.message, fields=missing.fields) from None


def _describe_row(study: Study, role: str | None) -> dict[str, Any]:
    return {"slug": study.slug, "title": study.title, "state": study.state, "my_role": role}


def _describe_study(study: Study, user: User) -> dict[str, Any]:
    member = permissions.find_member(user, study)
    protocol = Protocol.objects.get(study=study, current=True)
    return {
        **_describe_row(study, None if member is None else member.role),
        "instructions": study.instructions,
        "rubric": describe_rubric(load_rubric(study.rubric_id)),
        "protocol": describe_protocol(protocol),
    }
