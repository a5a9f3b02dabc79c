"""Imports samples with their pictures, score tables and predictions."""
