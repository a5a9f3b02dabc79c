"""The review queue of a study: which samples to look at next and why, and what the order is worth.

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

from .common import show, study_of, viewer

PAGE = 25
# Of a file, so many are read at a time.
PIECE = 500


@login_required
@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """List one of the three queues, a page at a time."""
    study, member = _read(request, slug)
    rubric, leads = load_rubric(study.rubric_id), permissions.leads_as(viewer(request), member)
    kind, dismissed, start = _kind(request), bool(request.GET.get("dismissed")), _start(request)
    standing = queue_list.queue_status(study, reader=member)
    form = _form(request, study, rubric, standing.domains)
    wanted = form.queue_filter(dismissed=dismissed)

    def read(start: int) -> QueuePage:
        return queue_list.queue_page(study, rubric, kind, wanted, standing=standing, start=start, limit=PAGE)

    page = read(start)
    if page.count and not page.rows:
        # The queue has become shorter than it was when the address was made.
        page = read((page.count - 1) // PAGE * PAGE + 1)
    prefetch_related_objects([row.entry for row in page.rows], "dismissed_by")
    _remember(request, member, page.rows)
    proof = evaluation.evaluate_queue(study, kind)
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    here = {**({"queue": kind} if kind != _KINDS[0] else {}), **chosen, **({"dismissed": 1} if dismissed else {})}
    whole = not chosen and not dismissed and page.start == 1 and not page.left_out
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
                widest=whole and number == 0 and queue_rows.is_widest(row, page.rows),
            )
            for number, row in enumerate(page.rows)
        ],
        "tabs": [(name, queue_summary.QUEUE_NAMES[name], standing.counts[name].total) for name in _KINDS],
        "order": queue_summary.QUEUE_ORDERS[kind],
        "proof": proof,
        "outcome": queue_summary.recent_outcomes(kind, proof),
        "worth": queue_summary.ranking_gain_text(proof),
        "state": queue_status_line(standing),
        "needs_judge": standing.queue is not None and standing.queue.run_id is None,
        "dismissed": dismissed,
        "n_dismissed": standing.dismissed.get(kind, 0),
        "narrowed": bool(chosen),
        "hidden": {name: value for name, value in here.items() if name not in chosen},
        "here": request.get_full_path(),
        "discusses": member is not None and member.role != Member.Role.RESEARCHER,
        "everything": _address(study, {name: value for name, value in here.items() if name not in chosen}),
        "undismissed": _address(study, {name: value for name, value in here.items() if name != "dismissed"}),
        "with_dismissed": _address(study, {**here, "dismissed": 1}),
        "csv": f"{reverse('queue-csv', args=[study.slug])}?{urlencode(here)}",
        "last": page.rows[-1].place if page.rows else 0,
        "next": _address(study, {**here, "start": page.next}) if page.next else "",
        "previous": _address(study, {**here, "start": page.previous}) if page.previous else "",
        "scores_too": member is not None and permissions.may_score(member),
    }
    return show(request, "queue.html", context)


@login_required
@require_safe
def queue_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Return a queue as it is narrowed, in its order, as CSV."""
    study, member = _read(request, slug)
    rubric, kind = load_rubric(study.rubric_id), _kind(request)
    standing = queue_list.queue_status(study, reader=member)
    form = _form(request, study, rubric, standing.domains)
    wanted = form.queue_filter(dismissed=bool(request.GET.get("dismissed")))
    rows = _all_rows(request, study, rubric, kind, wanted, standing=standing, member=member)
    response = HttpResponse(format_csv(queue_rows.queue_csv_rows(rows, rubric)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{study.slug}-queue-{kind}.csv"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


@login_required
@require_POST
def refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the queues to be made anew, and go back to the page that asked."""
    study = study_of(request, slug)
    rebuild.request_rebuild(by=viewer(request), study=study)
    return redirect(back_to(request, study))


@login_required
@require_safe
def age(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the line that says how old the queue is; a page whose refresh is over fetches itself anew."""
    study, member = _read(request, slug)
    state = queue_status_line(queue_list.queue_status(study))
    htmx = getattr(request, "htmx", None)
    back = (htmx.current_url_abs_path if htmx else None) or reverse("queue", args=[study.slug])
    leads = permissions.leads_as(viewer(request), member)
    anew = not state.running and state.failed is None
    context = {"study": study, "state": state, "leads": leads, "here": back.partition("#")[0], "reload": anew}
    return show(request, "parts/queue_status.html", context)


def back_to(request: HttpRequest, study: Study) -> str:
    """Return the address in this study's queue that a form came from."""
    return within(study, request.POST.get("back", "")) or reverse("queue", args=[study.slug])


def first_page(address: str) -> str:
    """Return the address of the first page of a list, of which the given one shows some page."""
    there, _, query = address.partition("?")
    left = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "start"]
    return f"{there}?{urlencode(left)}" if left else there


def within(study: Study, address: str) -> str:
    """Return an address if it is this study's queue, narrowed by whatever, and nothing where it leads elsewhere.

    The row that it may point to is left out: it is another one that is acted on.
    """
    there = reverse("queue", args=[study.slug])
    address = address.partition("#")[0]
    return address if address == there or address.startswith(f"{there}?") else ""


_KINDS: tuple[str, ...] = tuple(QueueEntry.Kind.values)


def _read(request: HttpRequest, slug: str) -> tuple[Study, Member | None]:
    study = study_of(request, slug)
    return study, permissions.require_results(viewer(request), study)


def _kind(request: HttpRequest) -> str:
    asked = request.GET.get("queue", "")
    return asked if asked in _KINDS else _KINDS[0]


def _start(request: HttpRequest) -> int:
    asked = request.GET.get("start", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def _form(request: HttpRequest, study: Study, rubric: RubricDefinition, domains: Sequence[str]) -> QueueFilterForm:
    k = study.protocols.filter(current=True).values_list("annotators_per_sample", flat=True).get()
    form = QueueFilterForm(request.GET, dimensions=rubric.dimensions, domains=domains, k=k)
    form.is_valid()
    return form


def _address(study: Study, query: dict[str, Any]) -> str:
    there = reverse("queue", args=[study.slug])
    return f"{there}?{urlencode(query)}" if query else there


def _all_rows(
    request: HttpRequest,
    study: Study,
    rubric: RubricDefinition,
    kind: str,
    wanted: QueueFilter,
    *,
    standing: QueueStatus,
    member: Member | None,
) -> Iterator[QueueRow]:
    start: int | None = 1
    while start is not None:
        page = queue_list.queue_page(study, rubric, kind, wanted, standing=standing, start=start, limit=PIECE)
        _remember(request, member, page.rows)
        yield from page.rows
        start = page.next


def _remember(request: HttpRequest, member: Member | None, rows: Iterable[QueueRow]) -> None:
    if member is not None and request.method != "HEAD":
        record_exposure(member=member, samples=[row.sample for row in rows])
