"""The list of a study's samples, filtered, searched and sorted.

Whoever looks in here as a member never scores these samples as independent afterwards; the service remembers it.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.samples import list as sample_list
from annotation.scoring.exposures import record_exposure
from frontend.forms.samples import SampleFilterForm

from .common import render_page, viewer, visible_study

PAGE = 50


@login_required
@require_safe
def samples(request: HttpRequest, slug: str) -> HttpResponse:
    """List samples, a page at a time.

    The next page is addressed by the last row and not by a number of rows.
    """
    study = visible_study(request, slug)
    member = permissions.require_results(viewer(request), study)
    rubric = load_rubric(study.rubric_id)
    generators, domains = sample_list.generators_and_domains(study)
    form = SampleFilterForm(request.GET, dimensions=rubric.dimensions, generators=generators, domains=domains)
    form.is_valid()
    wanted = form.sample_filter
    after = request.GET.get("after", "")
    page = sample_list.read_sample_page(
        study, rubric, wanted, order=form.sort_order, after=after, limit=PAGE, reader=member
    )
    if member is not None and request.method == "GET":
        record_exposure(member=member, samples=[line.sample for line in page.rows])
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "page": page,
        "rubric": rubric,
        "k": study.protocols.filter(current=True).values_list("annotators_per_sample", flat=True).first(),
        "counted": sample_list.COUNTED,
        "narrowed": wanted.narrowed,
        "next": "?" + urlencode({**chosen, "after": page.next}) if page.next else "",
        "first": "?" + urlencode(chosen) if after else "",
        "scores_too": member is not None and permissions.may_score(member),
        "leads": permissions.leads_as(viewer(request), member),
    }
    return render_page(request, "samples.html", context)
