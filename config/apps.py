"""Registers the project's commands and checks as a Django application."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from . import startup_checks  # noqa: F401 - registers its check
