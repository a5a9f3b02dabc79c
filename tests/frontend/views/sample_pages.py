"""Where samples are read, and one that was agreed on."""

from typing import Any

from annotation.models import Sample, Study
from tests.annotation.scoring.score_rows import same, score
from tests.factories import make_sample

LIST = "/studies/birds/samples/"


def agree(study: Study, **fields: Any) -> Sample:
    made = make_sample(study, pictures=["red"], **fields)
    score(study, "ann", same(4))
    score(study, "ben", same(4))
    return made


def address(sample: Sample, step: str = "") -> str:
    return f"{LIST}{sample.public_id}/{step}"
