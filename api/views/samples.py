"""Samples as admins and researchers see them. Whoever looks cannot score them as independent afterwards."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from annotation import permissions
from annotation.models import HistoryEntry, Sample, Study, User
from annotation.querysets import samples_visible_to
from annotation.services.exposures import record_exposure
from api.answers import answer
from api.filters import samples_filtered
from api.pagination import PageQuery, page
from api.sample_life import history_shown, sample_shown
from api.schema import describe, paged
from api.serializers import samples as shapes

from .base import View, found, query_of, study_of, user_of


class Samples(View):
    """The samples of a study."""

    @describe("List samples", query=shapes.SamplesQuery, answer=paged(shapes.SampleRow))
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins and researchers only."""
        study, user = study_of(request, slug), user_of(request)
        permissions.require_results(user, study)
        query = query_of(request, shapes.SamplesQuery)
        rows: QuerySet[Sample] = samples_filtered(Sample.objects.filter(study=study), query)

        def show(taken: Sequence[Sample]) -> list[dict[str, Any]]:
            _note_that_seen(user, study, taken)
            return list(shapes.SampleRow(taken, many=True).data)

        order = shapes.ORDERS[query["ordering"]]
        return answer(page(request, rows.select_related("question"), query, order=order, show=show))


class OneSample(View):
    """One sample."""

    @describe("Show a sample", answer=shapes.SampleLife)
    def get(self, request: Request, sample: str) -> HttpResponse:
        """Admins see names, researchers pseudonyms."""
        user = user_of(request)
        row = _sample(user, sample)
        _note_that_seen(user, row.study, [row])
        return answer(sample_shown(row, names=permissions.may_lead(user, row.study)))


class History(View):
    """One sample's steps."""

    @describe("Show the history of a sample", query=PageQuery, answer=paged(shapes.HistoryStep))
    def get(self, request: Request, sample: str) -> HttpResponse:
        """Admins only, oldest first."""
        user = user_of(request)
        row = _sample(user, sample)
        permissions.require_lead(user, row.study)
        _note_that_seen(user, row.study, [row])
        steps = HistoryEntry.objects.filter(sample=row).select_related("user", "member")
        return answer(page(request, steps, query_of(request, PageQuery), order=("id",), show=history_shown))


def _sample(user: User, public_id: str) -> Sample:
    rows = samples_visible_to(user).select_related("study", "question", "content")
    sample: Sample = found(rows, public_id=public_id)
    return sample


def _note_that_seen(user: User, study: Study, samples: Sequence[Sample]) -> None:
    member = permissions.membership(user, study)
    if member is not None:
        record_exposure(member=member, samples=samples)
