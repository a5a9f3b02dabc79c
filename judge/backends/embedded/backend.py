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
            measured = list(count_progress(extractor.extract(one.sample for one in samples), progress))
        problems = {one.sample.id: found.problem for one, found in zip(samples, measured, strict=True) if found.problem}
        for name, problem in list(problems.items())[:20]:
            progress.note(f"{name} is left out: {problem}")
        kept = [(one, found.vector) for one, found in zip(samples, measured, strict=True) if found.vector is not None]
        if not kept:
            raise BackendError("No sample could be measured; look at the notes above, and whether pictures are there.")
        data = TrainingData(
            [one for one, _ in kept], np.stack([vector for _, vector in kept]), options, run.config.seed
        )
        discard_files_of_other_inputs(run, data, progress)
        if folders:
            progress.step("Encoding samples", len(kept))
            with load_encoders(folders, context) as encoders:
                data.encoded = encoders.encode([one.sample for one, _ in kept], progress.done)
        about = train(run, data, progress)
        write_json(
            run.model / "model.json",
            {"features": VERSION, "names": list(NAMES), "left_out": len(problems)} | about,
        )

    def read_out_of_fold(self, run: Run) -> list[SamplePrediction]:
        found = read_json(run.stages / OUT_OF_FOLD_STAGE)
        said = {
            name: SamplePrediction(name, run.config.name, run.config.prompt_sha, "ok", READOUT, cluster)
            for name, cluster in found["clusters"].items()
        }
        for dimension in run.rubric.dimensions:
            of_dimension = found["dimensions"].get(dimension.key)
            if of_dimension and of_dimension["ids"]:
                told = predictions_from_distributions(np.array(of_dimension["p"]), dimension)
                for name, one in zip(of_dimension["ids"], told, strict=True):
                    said[name].dimensions[dimension.key] = one
        return list(said.values())

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
            of_dimension = self.about["dimensions"].get(dimension.key)
            if of_dimension is not None:
                members = [
                    {
                        kind: load_model(model / f"{dimension.key}-{kind}-{member}.skops")
                        for kind in of_dimension["weights"]
                    }
                    for member in range(self.about["members"])
                ]
                self._ensembles[dimension.key] = Ensemble(dimension.values, of_dimension["weights"], members)

    def predict(self, samples: Iterable[SampleRecord]) -> Iterator[SamplePrediction]:
        """Yield predictions in the samples' order."""
        coming = iter(samples)
        while batch := list(islice(coming, BATCH_SIZE)):
            yield from self._predict_batch(batch)

    def _predict_batch(self, batch: list[SampleRecord]) -> Iterator[SamplePrediction]:
        measured: list[ExtractedFeatures] = list(self.extractor.extract(batch))
        there = [(one, found.vector) for one, found in zip(batch, measured, strict=True) if found.vector is not None]
        said = self._predict_rows([one for one, _ in there], np.stack([vector for _, vector in there])) if there else {}
        place = 0
        for sample, found in zip(batch, measured, strict=True):
            prediction = SamplePrediction(sample.id, self.run.config.name, self.run.config.prompt_sha, "ok", READOUT)
            if found.vector is None:
                prediction.status, prediction.message = "backend_error", found.problem
            else:
                self._fill_prediction(prediction, sample, said, place)
                place += 1
            yield prediction

    def _predict_rows(self, samples: list[SampleRecord], vectors: Floats) -> dict[str, Any]:
        views = self._views.transform(vectors, self.encoders.encode(samples) if self.encoders else None)
        said: dict[str, Any] = {_CLUSTER_KEY: self._views.assign_clusters(views).tolist()}
        for dimension in self.run.rubric.dimensions:
            if dimension.key in self._ensembles:
                judged = self._ensembles[dimension.key].predict(views)
                said[dimension.key] = predictions_from_distributions(
                    judged.chances, dimension, ensemble_sds=judged.spread.tolist()
                )
        return said

    def _fill_prediction(
        self, prediction: SamplePrediction, sample: SampleRecord, said: Mapping[str, Any], place: int
    ) -> None:
        prediction.cluster = said[_CLUSTER_KEY][place]
        rubric: RubricSpec = self.run.rubric
        asked = set(missing_side_rules.asked_keys(sample, rubric))
        for dimension in rubric.dimensions:
            if dimension.key in self._ensembles and dimension.key in asked:
                prediction.dimensions[dimension.key] = said[dimension.key][place]


# No key of a dimension is empty.
_CLUSTER_KEY = ""
