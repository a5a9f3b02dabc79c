"""The backend ``embedded``: measures features, compares models, trains the mixture and predicts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from judge import missing_side_rules
from judge.atomic_files import read_json, write_json
from judge.backends.interface import BackendError, Judge
from judge.context import JudgeContext
from judge.features.extractor import ExtractedFeatures, FeatureExtractor, open_feature_extractor
from judge.features.sample import NAMES, VERSION
from judge.formats.prediction_line import SamplePrediction, predictions_from_distributions
from judge.formats.release_line import LabelledSample
from judge.formats.rubric import RubricSpec
from judge.formats.sample_line import SampleRecord
from judge.metrics.gaps import Floats
from judge.options import parse_options
from judge.progress import count_progress
from judge.runs import Run

from .encoded_views import encoded_views_from_data
from .encoders.cached_encoding import Encoders, load_encoders, record_encoders, refuse_other_encoders
from .encoders.folder import ROLES
from .ensemble import Ensemble, load_model
from .feature_views import FeatureViews
from .input_fingerprint import discard_files_of_other_inputs
from .options import EmbeddedOptions
from .scaling import scaling_from_data
from .trainer import OUT_OF_FOLD_STAGE, TrainingData, train

READOUT = "expected"
BATCH_SIZE = 1_024


class EmbeddedBackend:
    """The backend ``embedded``; see `judge.backends.interface.Backend`."""

    name = "embedded"
    predicts_out_of_fold = True
    path_options = frozenset(f"{role}_encoder" for role in ROLES)
    batch_size = BATCH_SIZE

    def options(self, data: dict[str, Any]) -> EmbeddedOptions:
        options = parse_options(EmbeddedOptions, data)
        options.check()
        return options

    def check(self, options: EmbeddedOptions) -> None:
        for folder in options.encoders():
            folder.check()

    def train(self, run: Run, samples: Sequence[LabelledSample], context: JudgeContext) -> None:
        options = self.options(dict(run.config.options))
        if (run.model / "model.json").exists():
            return
        folders = options.encoders()
        record_encoders(run, folders)
        progress = context.progress
        progress.step("Measuring samples", len(samples))
        with open_feature_extractor(context) as extractor:
            extracted = list(count_progress(extractor.extract(labelled.sample for labelled in samples), progress))
        problems = {
            labelled.sample.id: features.problem
            for labelled, features in zip(samples, extracted, strict=True)
            if features.problem
        }
        for name, problem in list(problems.items())[:20]:
            progress.note(f"{name} is left out: {problem}")
        usable = [
            (labelled, features.vector)
            for labelled, features in zip(samples, extracted, strict=True)
            if features.vector is not None
        ]
        if not usable:
            raise BackendError("No sample could be measured; look at the notes above, and whether pictures are there.")
        data = TrainingData(
            [labelled for labelled, _ in usable], np.stack([vector for _, vector in usable]), options, run.config.seed
        )
        discard_files_of_other_inputs(run, data, progress)
        if folders:
            progress.step("Encoding samples", len(usable))
            with load_encoders(folders, context) as encoders:
                data.encoded = encoders.encode([labelled.sample for labelled, _ in usable], progress.done)
        about = train(run, data, progress)
        write_json(
            run.model / "model.json",
            {"features": VERSION, "names": list(NAMES), "left_out": len(problems)} | about,
        )

    def read_out_of_fold(self, run: Run) -> list[SamplePrediction]:
        stored = read_json(run.stages / OUT_OF_FOLD_STAGE)
        predictions = {
            name: SamplePrediction(name, run.config.name, run.config.prompt_sha, "ok", READOUT, cluster)
            for name, cluster in stored["clusters"].items()
        }
        for dimension in run.rubric.dimensions:
            entry = stored["dimensions"].get(dimension.key)
            if entry and entry["ids"]:
                values = predictions_from_distributions(np.array(entry["p"]), dimension)
                for name, value in zip(entry["ids"], values, strict=True):
                    predictions[name].dimensions[dimension.key] = value
        return list(predictions.values())

    @contextmanager
    def open_judge(self, run: Run, context: JudgeContext) -> Iterator[Judge]:
        options = self.options(dict(run.config.options) | dict(context.path_overrides))
        self.check(options)
        about = read_json(run.model / "model.json")
        if about["features"] != VERSION or about["names"] != list(NAMES):
            raise BackendError(
                f"{run.folder} was trained on features of version {about['features']}, and this is version {VERSION}; "
                "train it again."
            )
        folders = options.encoders()
        refuse_other_encoders(run, folders)
        with open_feature_extractor(context) as extractor, load_encoders(folders, context) as encoders:
            yield EmbeddedJudge(run, about, extractor, encoders if folders else None)


BACKEND = EmbeddedBackend()


@dataclass(slots=True)
class EmbeddedJudge:
    """A judge that predicts from features and encoder vectors."""

    run: Run
    about: Mapping[str, Any]
    extractor: FeatureExtractor
    encoders: Encoders | None = None
    _views: FeatureViews = field(init=False)
    _ensembles: dict[str, Ensemble] = field(init=False)

    def __post_init__(self) -> None:
        model = self.run.model
        self._views = FeatureViews(
            scaling_from_data(self.about["scaling"]),
            load_model(model / "nearness.skops"),
            load_model(model / "clusters.skops"),
            encoded_views_from_data(self.about["encoded"], model) if self.encoders else None,
        )
        self._ensembles = {}
        for dimension in self.run.rubric.dimensions:
            entry = self.about["dimensions"].get(dimension.key)
            if entry is not None:
                members = [
                    {kind: load_model(model / f"{dimension.key}-{kind}-{member}.skops") for kind in entry["weights"]}
                    for member in range(self.about["members"])
                ]
                self._ensembles[dimension.key] = Ensemble(dimension.values, entry["weights"], members)

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        """Yield predictions in the samples' order."""
        remaining = iter(samples)
        while batch := list(islice(remaining, BATCH_SIZE)):
            yield from self._predict_batch(batch)

    def _predict_batch(self, batch: list[SampleRecord]) -> Iterator[SamplePrediction]:
        extracted: list[ExtractedFeatures] = list(self.extractor.extract(batch))
        usable = [
            (sample, features.vector)
            for sample, features in zip(batch, extracted, strict=True)
            if features.vector is not None
        ]
        predictions: dict[str, Any] = {}
        if usable:
            vectors = np.stack([vector for _, vector in usable])
            predictions = self._predict_rows([sample for sample, _ in usable], vectors)
        row = 0
        for sample, features in zip(batch, extracted, strict=True):
            prediction = SamplePrediction(sample.id, self.run.config.name, self.run.config.prompt_sha, "ok", READOUT)
            if features.vector is None:
                prediction.status, prediction.message = "backend_error", features.problem
            else:
                self._fill_prediction(prediction, sample, predictions, row)
                row += 1
            yield prediction

    def _predict_rows(self, samples: list[SampleRecord], vectors: Floats) -> dict[str, Any]:
        views = self._views.transform(vectors, self.encoders.encode(samples) if self.encoders else None)
        predictions: dict[str, Any] = {_CLUSTER_KEY: self._views.assign_clusters(views).tolist()}
        for dimension in self.run.rubric.dimensions:
            if dimension.key in self._ensembles:
                prediction = self._ensembles[dimension.key].predict(views)
                predictions[dimension.key] = predictions_from_distributions(
                    prediction.chances, dimension, ensemble_sds=prediction.spread.tolist()
                )
        return predictions

    def _fill_prediction(
        self, prediction: SamplePrediction, sample: SampleRecord, predictions: Mapping[str, Any], row: int
    ) -> None:
        prediction.cluster = predictions[_CLUSTER_KEY][row]
        rubric: RubricSpec = self.run.rubric
        asked = set(missing_side_rules.asked_keys(sample, rubric))
        for dimension in rubric.dimensions:
            if dimension.key in self._ensembles and dimension.key in asked:
                prediction.dimensions[dimension.key] = predictions[dimension.key][row]


# No key of a dimension is empty.
_CLUSTER_KEY = ""
