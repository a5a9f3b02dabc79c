"""Static files under hashed names, ES-module imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the import paths inside our ES modules to hashed names, so that all of them can be cached for ever."""

    support_js_module_import_aggregation = True
