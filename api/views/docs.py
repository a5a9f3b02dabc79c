"""The interactive documentation of the API."""

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    """Serves Swagger UI from our static files, with its script as a file.

    Pages run no inline scripts.
    """

    url_name = "api:schema"
    template_name = "api/docs.html"
