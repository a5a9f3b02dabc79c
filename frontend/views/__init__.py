"""Pages: parse the request, call one service, show the outcome. No rules here."""
