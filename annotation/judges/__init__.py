"""The judges of a study: training, predicting, evaluating, comparing and activating.

Their predictions are stored beside the samples.

The judge itself is a program of its own: a job writes files, runs ``python -m judge``, and reads files back.
"""
