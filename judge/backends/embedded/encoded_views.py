"""Builds views of features joined with the principal components of encoder vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from judge.atomic_files import create_file_once
from judge.metrics.gaps import Floats

from .candidates import Model, View
from .encoders.embeddings import EmbeddingBlock, EncodedSamples
from .ensemble import load_model, save_model
from .kernel_features import fit_nearness
from .scaling import Scaling, fit_scaling, scaling_from_data

NEARNESS = "encoded-nearness.skops"


@dataclass(frozen=True, slots=True)
class EncodedViews:
    """The fitted views of features with encoder vectors."""

    principal: Mapping[str, Model]
    scaling: Scaling
    nearness: Model

    def transform(self, vectors: Floats, encoded: EncodedSamples) -> dict[View, Floats]:
        """Return both views of samples, a row each."""
        features = self.scaling.apply(_join_columns(self.principal, vectors, encoded))
        nearness = np.asarray(self.nearness.transform(features), dtype=np.float64)
        return {"encoded": features, "encoded-nearness": nearness}

    def as_data(self) -> dict[str, Any]:
        components = {key: int(model.n_components_) for key, model in self.principal.items()}
        return {"components": components, "scaling": self.scaling.as_data()}


def fit_encoded_views(
    vectors: Floats, encoded: EncodedSamples, components: int, seed: int, folder: Path
) -> EncodedViews:
    """Return the views fitted on training samples, written into a folder.

    Labels have no part in them.
    """
    principal = {
        key: _load_or_fit(_component_path(folder, key), block, components, seed)
        for key, block in encoded.blocks.items()
        # One sample, or the same one again and again, has no directions.
        if (block.vectors != block.vectors[0]).any()
    }
    columns = _join_columns(principal, vectors, encoded)
    scaling = fit_scaling(columns)
    create_file_once(folder / NEARNESS, lambda path: save_model(fit_nearness(scaling.apply(columns), seed), path))
    return EncodedViews(principal, scaling, load_model(folder / NEARNESS))


def encoded_views_from_data(data: Mapping[str, Any], folder: Path) -> EncodedViews:
    """Return the views from what `EncodedViews.as_data` and their files hold."""
    principal = {key: load_model(_component_path(folder, key)) for key in data["components"]}
    return EncodedViews(principal, scaling_from_data(data["scaling"]), load_model(folder / NEARNESS))


def _load_or_fit(path: Path, block: EmbeddingBlock, components: int, seed: int) -> Model:
    model = PCA(min(components, *block.vectors.shape), random_state=seed)
    create_file_once(path, lambda temporary: save_model(model.fit(block.vectors.astype(np.float64)), temporary))
    return load_model(path)


def _join_columns(principal: Mapping[str, Model], vectors: Floats, encoded: EncodedSamples) -> Floats:
    """Return features, components and cosines side by side.

    A missing side has zeros, which is the middle.
    """
    parts = [vectors, encoded.cosines]
    for key, model in principal.items():
        part = np.zeros((encoded.count, int(model.n_components_)))
        block = encoded.blocks.get(key)
        if block is not None:
            part[block.rows] = model.transform(block.vectors.astype(np.float64))
        parts.append(part)
    return np.concatenate(parts, axis=1)


def _component_path(folder: Path, key: str) -> Path:
    return folder / f"principal-{key}.skops"
