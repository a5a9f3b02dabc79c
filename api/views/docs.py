"""The description of the API to read and to try."""

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files, its script at an address of its own: pages run no inline scripts."""

    url_name = "api:schema"
    template_name = "api/docs.html"
