"""``python -m benchmarks.filling POPULATION``: fill an empty database and print the annotators' tokens as JSON.

Rows are written by the fastest way that each database has; through the services a large study would take an hour.
"""

import io
import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import django
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import NOT_PROVIDED, Field, Model

from .agreeing import agree
from .population import ANNOTATORS, SLUG, Population

if not apps.ready:
    django.setup()

from annotation.core import slot_mask
from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.models import (
    Assignment,
    FinalScore,
    HistoryEntry,
    Member,
    Picture,
    Protocol,
    Question,
    Rating,
    Sample,
    SampleContent,
    SamplePicture,
    Score,
    Study,
    User,
)
from annotation.models.fields import opaque_id
from annotation.scoring.deciding import decide_undecided
from annotation.studies.logins import create_token, create_user
from annotation.studies.rubrics import freeze_rubric, get_or_load
from annotation.studies.studies import add_member, create_study

from .meeting import meet

K = 3
SAMPLES_PER_QUESTION = 4
PICTURES = 500
BATCH = 20_000
STARTED = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEXT = (
    "The robin sings from the top of the fence because sound carries furthest at dawn, when the air is still and the "
    "insects are not yet out. In the picture below you can see how the throat feathers part as it does so.\n\n"
    "1. It claims the garden before others wake.\n2. It tells a mate that it has lived through the night.\n"
    "3. It costs little, as there is no light to feed by.\n\nTogether this is why the first minutes are the loudest. "
)


class Given(NamedTuple):
    """A score that stands: of which sample, by which of the annotators, in which slot."""

    sample: int
    annotator: int
    slot: int


class Bulk:
    """Writes rows of one table; columns that are not named get the default of their field."""

    def __init__(self, model: type[Model], *columns: str) -> None:
        self.model = model
        self.table = model._meta.db_table
        fields = {field.column: field for field in model._meta.concrete_fields}
        rest = [f for column, f in fields.items() if column not in columns and not _numbers_itself(f, model)]
        self.columns = [*columns, *(str(field.column) for field in rest)]
        self._rest = tuple(_default(field) for field in rest)

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        complete = (row + self._rest for row in rows)
        if connection.vendor == "sqlite":
            self._into_sqlite(complete)
        else:
            self._into_postgres(complete)

    def _into_sqlite(self, rows: Iterator[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(self.columns))
        sql = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608
        connection.connection.executemany(sql, rows)

    def _into_postgres(self, rows: Iterator[tuple[Any, ...]]) -> None:
        columns = ", ".join(f'"{column}"' for column in self.columns)
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _numbers_itself(field: "Field[Any, Any]", model: type[Model]) -> bool:
    return field is model._meta.pk and field.default is NOT_PROVIDED and field.remote_field is None


def _default(field: "Field[Any, Any]") -> Any:
    value = "{}" if field.default is dict else field.get_default()
    return field.get_db_prep_save(value, connection) if value != "{}" else value


class Filling:
    """One study and its rows, under ids that count from 1, as the database is empty."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.given = list(_given(population))
        self.chance = random.Random(7)
        self.study: Study = create_study(by=None, slug=SLUG, rubric=get_or_load("interleaved-answer"), preset="paper")
        self.protocol = Protocol.objects.get(study=self.study)
        assert self.protocol.annotators_per_sample == K
        self.people: list[User] = []
        self.members: list[Member] = []
        for number in range(ANNOTATORS):
            user = create_user(username=f"annotator-{number}")
            self.people.append(user)
            self.members.append(add_member(by=None, study=self.study, name=user.username, role="annotator", user=user))

    def tokens(self) -> list[str]:
        return [create_token(by=user, user=user, name="benchmark")[1] for user in self.people]

    def fill(self) -> None:
        self._questions_and_pictures()
        self._samples()
        if self.given:
            self._scores()
            freeze_rubric(self.study.rubric)
        if self.population.agreed:
            agree()
        if self.population.met:
            meet(self.study, self.population.samples)
        written = [Question, Picture, Sample, SamplePicture, Assignment, Score, Rating, FinalScore, HistoryEntry]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), written):
                cursor.execute(statement)

    def _questions_and_pictures(self) -> None:
        questions = self.population.samples // SAMPLES_PER_QUESTION + 1
        Bulk(Question, "id", "study_id", "key").write((n, self.study.pk, f"q-{n}") for n in range(1, questions + 1))
        columns = ("id", "sha256", "format", "bytes", "width", "height", "original", "full", "web")
        Bulk(Picture, *columns, "web_width", "web_height").write(
            (n, f"{n:064x}", "JPEG", 90_000, 1024, 768, f"o/{n}.jpg", f"f/{n}.jpg", f"w/{n}.webp", 768, 576)
            for n in range(1, PICTURES + 1)
        )

    def _samples(self) -> None:
        scores_of = Counter(given.sample for given in self.given)
        untouched = (Sample.State.WAITING.value, Sample.Stage.UNTOUCHED.value, 0, 0, 0, None)

        def standing(number: int) -> tuple[Any, ...]:
            scores = scores_of[number]
            if not scores:
                return untouched
            free = slot_mask.all_free(K) & ~slot_mask.all_free(scores)
            stage = Sample.Stage.BEGUN if free else Sample.Stage.CLOSED
            return (Sample.State.SCORING.value, stage.value, free, scores, K, self.protocol.pk)

        in_batches(
            Bulk(
                Sample,
                *("id", "study_id", "question_id", "public_id", "external_id", "generator", "has_text", "has_image"),
                *("shuffle", "queued_at", "created_at", "state", "stage", "free_slots", "scores_in", "scores_needed"),
                "protocol_id",
            ),
            self.population.samples,
            lambda n: [
                (
                    *(n, self.study.pk, n // SAMPLES_PER_QUESTION + 1, opaque_id(), f"sample-{n}", f"model-{n % 4}"),
                    *(
                        True,
                        self.population.pictures,
                        self.chance.getrandbits(31),
                        _microseconds(n),
                        at(n),
                        *standing(n),
                    ),
                )
            ],
        )
        in_batches(
            Bulk(SampleContent, "sample_id", "turns", "digest"),
            self.population.samples,
            lambda n: [(n, json.dumps(turns(n, picture=self.population.pictures)), f"{n:064x}")],
        )
        if not self.population.pictures:
            return
        in_batches(
            Bulk(SamplePicture, "sample_id", "picture_id", "position", "source_name", "public_id"),
            self.population.samples,
            lambda n: [(n, n % PICTURES + 1, 0, f"images/{n}.jpg", opaque_id())],
        )

    def _scores(self) -> None:
        """Write assignments, scores, ratings and history; a score has the id of its assignment."""
        given = len(self.given)
        in_batches(
            Bulk(
                Assignment,
                *("id", "public_id", "sample_id", "member_id", "slot", "state", "leased_at", "expires_at"),
                "finished_at",
            ),
            given,
            lambda n: [self._assignment(n)],
        )
        in_batches(
            Bulk(Score, "id", "sample_id", "member_id", "assignment_id", "client_key", "seconds", "at"),
            given,
            lambda n: [
                (n, self._sample_of(n), self._member_of(n).pk, n, uuid.UUID(int=n).hex, 12.5, at(self._sample_of(n)))
            ],
        )
        dimensions = load_rubric(self.study.rubric_id).dimensions
        in_batches(
            Bulk(Rating, "score_id", "dimension_id", "level_id"),
            given,
            lambda n: [(n, dimension.id, self._level(dimension)) for dimension in dimensions],
        )
        in_batches(
            Bulk(HistoryEntry, "study_id", "sample_id", "member_id", "user_id", "event", "detail", "at"),
            given,
            lambda n: [
                (
                    *(self.study.pk, self._sample_of(n), self._member_of(n).pk, self._member_of(n).user_id, event),
                    *('{"slot": 1}', at(self._sample_of(n))),
                )
                for event in ("leased", "scored")
            ],
        )

    def _assignment(self, n: int) -> tuple[Any, ...]:
        sample = self._sample_of(n)
        times = (at(sample), at(sample, minutes=30), at(sample, minutes=1))
        slot = self.given[n - 1].slot
        return (n, opaque_id(), sample, self._member_of(n).pk, slot, Assignment.State.SCORED.value, *times)

    def _sample_of(self, n: int) -> int:
        return self.given[n - 1].sample

    def _member_of(self, n: int) -> Member:
        return self.members[self.given[n - 1].annotator]

    def _level(self, dimension: DimensionDefinition) -> int:
        return self.chance.choice(dimension.levels).id


def _given(population: Population) -> Iterator[Given]:
    """Yield the scores that a study holds already."""
    for sample in range(1, population.scored + 1):
        for place in range(K):
            yield Given(sample, (sample - 1 + place) % ANNOTATORS, place + 1)
    first = population.scored + 1
    for sample in range(first, first + population.begun):
        yield Given(sample, 0, 1)
    first += population.begun
    for sample in range(first, first + population.alternating):
        for place in range(1 + sample % 2):
            yield Given(sample, place, place + 1)


def in_batches(bulk: Bulk, count: int, rows_of: Callable[[int], list[tuple[Any, ...]]]) -> None:
    for start in range(1, count + 1, BATCH):
        bulk.write(row for n in range(start, min(start + BATCH, count + 1)) for row in rows_of(n))


def turns(number: int, *, picture: bool = True) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"text": f"{TEXT}(Answer {number}.)"}, *([{"picture": 0}] if picture else [])]
    question = f"Why do birds sing at dawn, and why {number} times as loud as at noon? Show it."
    return [{"question": question, "context": False, "blocks": blocks}]


def at(number: int, *, minutes: int = 0) -> Any:
    """Return when the sample of this number was worked on, as the connected database stores it."""
    return connection.ops.adapt_datetimefield_value(STARTED + timedelta(seconds=number, minutes=minutes))


def _microseconds(number: int) -> int:
    return int((STARTED + timedelta(seconds=number)).timestamp() * 1_000_000)


def main() -> None:
    # The ids below count on it.
    assert not Study.objects.exists()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Checked row by row, the foreign keys would take most of the time.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
        filling = Filling(Population(**json.loads(sys.argv[1])))
        filling.fill()
        tokens = filling.tokens()
    if filling.population.decided:
        decide_undecided(study=filling.study)
    output = io.StringIO()
    json.dump(tokens, output)
    sys.stdout.write(output.getvalue())


if __name__ == "__main__":
    main()
