"""The review queue of a study: list, CSV, refresh and status.

Researchers read it under pseudonyms. Whoever looks in here never scores these samples as independent afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import RubricDefinition, load_rubric
from annotation.core.spreadsheet_cells import format_csv
from annotation.models import Member, QueueEntry, Study
from annotation.review_queue import evaluation, rebuild
from annotation.review_queue import list as queue_list
from annotation.review_queue.list import QueueFilter, QueuePage, QueueRow, QueueStatus
from annotation.scoring.exposures import record_exposure
from frontend.forms.queue import QueueFilterForm
from frontend.presenters import queue_rows, queue_summary
from frontend.presenters.queue_status import queue_status_line

from .common import render_page, viewer, visible_study

PAGE = 25
# Of a file, so many are read at a time.
CSV_CHUNK = 500


@login_required
@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """List one of the three queues, a page at a time."""
    study, member = _readable_study_and_member(request, slug)
    rubric, leads = load_rubric(study.rubric_id), permissions.leads_as(viewer(request), member)
    kind, dismissed, start = _requested_kind(request), bool(request.GET.get("dismissed")), _requested_start(request)
    status = queue_list.get_queue_status(study, reader=member)
    form = _filter_form(request, study, rubric, status.domains)
    queue_filter = form.queue_filter(dismissed=dismissed)

    def read(start: int) -> QueuePage:
        return queue_list.get_queue_page(study, rubric, kind, queue_filter, status=status, start=start, limit=PAGE)

    page = read(start)
    if page.count and not page.rows:
        # The queue has become shorter than it was when the address was made.
        page = read((page.count - 1) // PAGE * PAGE + 1)
    prefetch_related_objects([row.entry for row in page.rows], "dismissed_by")
    _record_exposure(request, member, page.rows)
    evaluated = evaluation.evaluate_queue(study, kind)
    filters = {name: value for name, value in form.cleaned_data.items() if value}
    query = {**({"queue": kind} if kind != _KINDS[0] else {}), **filters, **({"dismissed": 1} if dismissed else {})}
    is_unfiltered = not filters and not dismissed and page.start == 1 and not page.left_out
    context: dict[str, Any] = {
        "study": study,
        "leads": leads,
        "form": form,
        "kind": kind,
        "page": page,
        "rows": [
            queue_rows.shown_queue_row(
                row,
                study,
                rubric,
                names=leads,
                widest=is_unfiltered and number == 0 and queue_rows.is_widest(row, page.rows),
            )
            for number, row in enumerate(page.rows)
        ],
        "tabs": [(name, queue_summary.QUEUE_NAMES[name], status.counts[name].total) for name in _KINDS],
        "order": queue_summary.QUEUE_ORDERS[kind],
        "proof": evaluated,
        "outcome": queue_summary.recent_outcomes(kind, evaluated),
        "worth": queue_summary.ranking_gain_text(evaluated),
        "state": queue_status_line(status),
        "needs_judge": status.queue is not None and status.queue.run_id is None,
        "dismissed": dismissed,
        "n_dismissed": status.dismissed.get(kind, 0),
        "narrowed": bool(filters),
        "hidden": {name: value for name, value in query.items() if name not in filters},
        "here": request.get_full_path(),
        "discusses": member is not None and member.role != Member.Role.RESEARCHER,
        "everything": _queue_address(study, {name: value for name, value in query.items() if name not in filters}),
        "undismissed": _queue_address(study, {name: value for name, value in query.items() if name != "dismissed"}),
        "with_dismissed": _queue_address(study, {**query, "dismissed": 1}),
        "csv": f"{reverse('queue-csv', args=[study.slug])}?{urlencode(query)}",
        "last": page.rows[-1].place if page.rows else 0,
        "next": _queue_address(study, {**query, "start": page.next}) if page.next else "",
        "previous": _queue_address(study, {**query, "start": page.previous}) if page.previous else "",
        "scores_too": member is not None and permissions.may_score(member),
    }
    return render_page(request, "queue.html", context)


@login_required
@require_safe
def queue_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the filtered queue as CSV, in its order."""
    study, member = _readable_study_and_member(request, slug)
    rubric, kind = load_rubric(study.rubric_id), _requested_kind(request)
    status = queue_list.get_queue_status(study, reader=member)
    form = _filter_form(request, study, rubric, status.domains)
    queue_filter = form.queue_filter(dismissed=bool(request.GET.get("dismissed")))
    rows = _all_rows(request, study, rubric, kind, queue_filter, status=status, member=member)
    response = HttpResponse(format_csv(queue_rows.queue_csv_rows(rows, rubric)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-queue-{kind}.csv"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


@login_required
@require_POST
def refresh_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Request a rebuild of the queues, and return to the page it came from."""
    study = visible_study(request, slug)
    rebuild.request_rebuild(by=viewer(request), study=study)
    return redirect(return_address(request, study))


@login_required
@require_safe
def queue_status(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the status line of the queue.

    A page whose refresh is over reloads itself.
    """
    study, member = _readable_study_and_member(request, slug)
    state = queue_status_line(queue_list.get_queue_status(study))
    htmx = getattr(request, "htmx", None)
    back = (htmx.current_url_abs_path if htmx else None) or reverse("queue", args=[study.slug])
    leads = permissions.leads_as(viewer(request), member)
    anew = not state.running and state.failed is None
    context = {"study": study, "state": state, "leads": leads, "here": back.partition("#")[0], "reload": anew}
    return render_page(request, "parts/queue_status.html", context)


def return_address(request: HttpRequest, study: Study) -> str:
    """Return the address in this study's queue that a form came from."""
    return own_queue_address(study, request.POST.get("back", "")) or reverse("queue", args=[study.slug])


def first_page(address: str) -> str:
    """Return the address of the first page of the list at ``address``."""
    path, _, query = address.partition("?")
    left = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "start"]
    return f"{path}?{urlencode(left)}" if left else path


def own_queue_address(study: Study, address: str) -> str:
    """Return an address if it leads to this study's queue, else an empty text.

    It may be filtered.

    The row that it may point to is left out: it is another one that is acted on.
    """
    queue_address = reverse("queue", args=[study.slug])
    address = address.partition("#")[0]
    return address if address == queue_address or address.startswith(f"{queue_address}?") else ""


_KINDS: tuple[str, ...] = tuple(QueueEntry.Kind.values)


def _readable_study_and_member(request: HttpRequest, slug: str) -> tuple[Study, Member | None]:
    study = visible_study(request, slug)
    return study, permissions.require_results(viewer(request), study)


def _requested_kind(request: HttpRequest) -> str:
    kind = request.GET.get("queue", "")
    return kind if kind in _KINDS else _KINDS[0]


def _requested_start(request: HttpRequest) -> int:
    start = request.GET.get("start", "")
    return int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1


def _filter_form(
    request: HttpRequest, study: Study, rubric: RubricDefinition, domains: Sequence[str]
) -> QueueFilterForm:
    k = study.protocols.filter(current=True).values_list("annotators_per_sample", flat=True).get()
    form = QueueFilterForm(request.GET, dimensions=rubric.dimensions, domains=domains, k=k)
    form.is_valid()
    return form


def _queue_address(study: Study, query: dict[str, Any]) -> str:
    address = reverse("queue", args=[study.slug])
    return f"{address}?{urlencode(query)}" if query else address


def _all_rows(
    request: HttpRequest,
    study: Study,
    rubric: RubricDefinition,
    kind: str,
    queue_filter: QueueFilter,
    *,
    status: QueueStatus,
    member: Member | None,
) -> Iterator[QueueRow]:
    start: int | None = 1
    while start is not None:
        page = queue_list.get_queue_page(study, rubric, kind, queue_filter, status=status, start=start, limit=CSV_CHUNK)
        _record_exposure(request, member, page.rows)
        yield from page.rows
        start = page.next


def _record_exposure(request: HttpRequest, member: Member | None, rows: Iterable[QueueRow]) -> None:
    if member is not None and request.method != "HEAD":
        record_exposure(member=member, samples=[row.sample for row in rows])
