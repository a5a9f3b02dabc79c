"""Date formats for languages whose usual ones could be misread."""
