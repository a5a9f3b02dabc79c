"""Registers the rules as a Django application."""

from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import job_kinds  # noqa: F401 - registers itself
        from .core import system_checks  # noqa: F401 - registers itself
