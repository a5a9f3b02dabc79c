"""The review queue, which orders samples by how much a look at them is worth.

A job rebuilds it, scores update it, and admins pin or dismiss its entries.
"""
