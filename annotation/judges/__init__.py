"""Judges in a study: started, followed, measured, compared, made active; what they say is kept beside the samples.

The judge itself is a program of its own: a job writes files, runs ``python -m judge``, and reads files back.
"""
