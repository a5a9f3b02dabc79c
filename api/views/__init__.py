"""Views of the REST API: each parses, calls one service and serializes."""
