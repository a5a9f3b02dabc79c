"""Static files: which are served, and under which hashed names."""

from collections.abc import Callable
from re import Match
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class FilteredStaticFilesConfig(StaticFilesConfig):
    """Leaves out static files that no page requests.

    Hashing and compressing them would take most of the first start.
    """

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "*.es-bundle*", "redoc", "rest_framework", "ext"]


class HashedModulesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites import paths in our ES modules to hashed names, for permanent caching."""

    support_js_module_import_aggregation = True
    # A name follows from the names of what is imported: one pass per step of the longest chain of modules.
    max_post_process_passes = 12

    def url_converter(self, name: str, hashed_files: Any, template: str | None = None) -> Callable[[Match[str]], str]:
        # Other people's files stay as they are: what looks like an import there is an example in a comment, and the
        # source maps that they name are not served.
        if not name.startswith("frontend/"):
            return lambda match: match[0]
        return super().url_converter(name, hashed_files, template)
