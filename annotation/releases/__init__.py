"""Creates releases of agreed scores: read as of one moment, split, frozen and rendered."""
