"""Defines the columns of release tables and their types, from rubric and options alone.

The data never decides them.

A type is ``string``, ``int64``, ``float64``, ``bool`` or ``image``, a list of one type, or a mapping from name to type.
"""

from typing import TYPE_CHECKING, Any

from judge.formats.rubric import RubricDimension

from .base import RenderingOptions
from .sample_line import TEXTS

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, Any]
TURN: Columns = {"question": "string", "blocks": [{"text": "string", "image": "string"}], "context": "bool"}
INDEXED_TURN: Columns = TURN | {"blocks": [{"text": "string", "image": "int64"}]}


def line_columns(options: RenderingOptions) -> Columns:
    """Return the columns of the sample line; metadata are JSON text."""
    return {
        "id": "string",
        "question_id": "string",
        "question": "string",
        "answer": "string",
        "image": "string",
        "images": ["string"],
        "turns": [TURN],
        **sample_columns(options),
    }


def sample_columns(options: RenderingOptions) -> Columns:
    """Return the columns beside a sample's content."""
    dimensions = options.facts.rubric.dimensions
    return {
        **({"generator": "string"} if options.with_generator else {}),
        **dict.fromkeys(TEXTS, "string"),
        **({"metadata": "string"} if options.with_metadata else {}),
        "part": "string",
        "calibration": "bool",
        "final": {dimension.key: level_type(dimension) for dimension in dimensions},
        "histogram": {dimension.key: ["int64"] for dimension in dimensions},
        "mean": {dimension.key: "float64" for dimension in dimensions},
        "outcome": {dimension.key: "string" for dimension in dimensions},
        "label_origin": "string",
        "annotators": "int64",
        "rubric": "string",
    }


def level_type(dimension: RubricDimension) -> str:
    """Return the type of a dimension's values: whole numbers where all levels are."""
    return "int64" if all(value.is_integer() for value in dimension.values) else "float64"


def arrow_type(kind: Any) -> "pa.DataType":
    """Return the Arrow type of a column."""
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, arrow_type(part)) for name, part in kind.items()])
    if kind == "image":
        return pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
    return {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}[kind]


def column_features(kind: Any) -> Any:
    """Return a type as the ``huggingface`` schema metadata states it."""
    if isinstance(kind, list):
        return [column_features(kind[0])]
    if isinstance(kind, dict):
        return {name: column_features(part) for name, part in kind.items()}
    return {"_type": "Image"} if kind == "image" else {"dtype": kind, "_type": "Value"}


def card_features(columns: Columns) -> list[dict[str, Any]]:
    """Return columns as a dataset card's front matter states them."""
    return [{"name": name, **_card_type(kind)} for name, kind in columns.items()]


def _card_type(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        inner = kind[0]
        return {"list": card_features(inner) if isinstance(inner, dict) else inner}
    return {"struct": card_features(kind)} if isinstance(kind, dict) else {"dtype": kind}
