"""Frozen encoders from local folders: what other people's models see in texts and pictures, beside our own features.

``folder`` says whether a folder holds an encoder, and which; ``towers`` runs one and is the only module that needs
torch; ``blocks`` holds what it said of many samples; ``encoding`` asks it and keeps its vectors by content.
"""
