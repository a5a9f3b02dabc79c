"""Searches words in the questions of samples, stored as JSON, on both databases."""

import json
from typing import Any

from django.db.models import BooleanField, Exists, Func, OuterRef

from annotation.models import SampleContent


def question_contains(words: str) -> Exists:
    """Return the condition that some question of a sample contains ``words``."""
    return Exists(SampleContent.objects.filter(_QuestionHas("turns", words), sample=OuterRef("pk")))


class _QuestionHas(Func):
    """The SQL condition that a question in a sample's turns contains some words, ignoring case."""

    output_field = BooleanField()

    def __init__(self, turns: str, words: str) -> None:
        super().__init__(turns)
        self.words = words

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Reading JSON takes five times as long as looking for the words in its text, where they have to be, too.
        column, parameters = compiler.compile(self.source_expressions[0])
        raw = _pattern(json.dumps(self.words)[1:-1])
        sql, more = self._exists(compiler, "json_each({}) AS turn", "json_extract(turn.value, '$.question') LIKE")
        return f"({column} LIKE %s ESCAPE '\\' AND {sql})", [*parameters, raw, *more]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._exists(compiler, "jsonb_array_elements({}) AS turn", "turn ->> 'question' ILIKE")

    def _exists(self, compiler: Any, turns: str, question: str) -> Any:
        column, parameters = compiler.compile(self.source_expressions[0])
        sql = f"EXISTS (SELECT 1 FROM {turns.format(column)} WHERE {question} %s ESCAPE '\\')"  # noqa: S608 - no input
        return sql, [*parameters, _pattern(self.words)]


def _pattern(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
