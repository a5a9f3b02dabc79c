"""The pages of the documentation, open to everybody."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.presenters.documents import INDEX, find_file, read_document


@require_safe
def show_document(request: HttpRequest, file_name: str = INDEX) -> HttpResponseBase:
    """Show a document, or send one of its pictures."""
    path = find_file(file_name)
    if path is None:
        raise Http404(_("There is no such document."))
    if path.suffix != ".md":
        return FileResponse(path.open("rb"))
    context = {"document": read_document(path), "is_index": file_name == INDEX}
    return render(request, "frontend/document.html", context)
