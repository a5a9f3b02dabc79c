"""Registers the pages as a Django application."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
