"""Registers the wiring as an application: its commands and its checks."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from . import safety  # noqa: F401 - registers its check
