"""Serializers of requests and responses, one module per subject."""
