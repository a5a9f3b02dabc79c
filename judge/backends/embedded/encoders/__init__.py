"""Frozen encoders of texts and pictures, loaded from local folders.

``folder`` checks whether a folder holds an encoder, and which; ``encoder`` runs one and is the only module that needs
torch; ``embeddings`` holds its vectors of many samples; ``cached_encoding`` runs it and stores its vectors by content.
"""
