"""Registers this door as a Django application."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
