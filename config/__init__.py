"""How the pieces are plugged together; no rules."""

from .celery import app as celery_app

__all__ = ["celery_app"]
