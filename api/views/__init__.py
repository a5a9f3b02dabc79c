"""One module per subject: parse, call one service, show."""
