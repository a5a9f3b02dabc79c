"""Reads the features that the third baseline learns from."""

from collections.abc import Sequence

import numpy as np

from judge.context import JudgeContext
from judge.features.extractor import open_feature_extractor
from judge.features.sample import NAMES
from judge.formats.release_line import LabelledSample
from judge.metrics.gaps import Floats


def extract_baseline_features(samples: Sequence[LabelledSample], context: JudgeContext) -> Floats:
    """Return the features of samples, a row each.

    A sample that cannot be measured has the mean of the others.
    """
    with open_feature_extractor(context) as extractor:
        vectors = [features.vector for features in extractor.extract(labelled.sample for labelled in samples)]
    measured = [vector for vector in vectors if vector is not None]
    mean = np.mean(measured, axis=0) if measured else np.zeros(len(NAMES))
    return np.array([mean if vector is None else vector for vector in vectors]).reshape(-1, len(NAMES))
