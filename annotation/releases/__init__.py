"""Agreed scores leave the house: read in one moment, split, frozen, and rendered as files."""
