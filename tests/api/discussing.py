"""A disputed sample, made as people make one: by scoring it differently."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse

from annotation.models import Discussion, Sample, Study
from tests.factories import make_sample

from .caller import GOOD, Caller

# Beside GOOD: TCC and ICC agree, IQ and ITS do not.
OTHERWISE = {"TCC": 4, "ICC": 3, "IQ": 4, "ITS": 3}


def key() -> str:
    """Return a client key that nobody has used."""
    return str(uuid4())


def path(case: Discussion, what: str = "") -> str:
    """Return the address of a case, or of something in it."""
    return f"discussions/{case.public_id}/{what}"


def make_dispute(study: Study, *callers: Caller, **sample: Any) -> Discussion:
    """Let the first score as GOOD says and the others otherwise; the sample is the only one to score."""
    made = make_sample(study, pictures=["red"], **sample)
    for caller, ratings in zip(callers, (GOOD, *[OTHERWISE] * (len(callers) - 1)), strict=True):
        answer = caller.score(caller.lease(study.slug), ratings, notes={"TCC": f"note {ratings['IQ']}"}, seconds=9)
        assert answer.status_code == 200, answer.content
    assert Sample.objects.get(pk=made.pk).state == "in_discussion"
    return Discussion.objects.get(sample=made)


def give_reasons(caller: Caller, case: Discussion, **reasons: Any) -> HttpResponse:
    """Give own reasons by dimension; without any, for both disputed ones."""
    body = {"client_key": key(), "reasons": reasons or {"IQ": "It is sharp enough.", "ITS": "They do not match."}}
    return caller.put(path(case, "reason/"), body)


def move(caller: Caller, case: Discussion, **stances: float) -> HttpResponse:
    """Take a stance by dimension, with a reason from the list."""
    reasons = {dimension: {"code": "convinced"} for dimension in stances}
    body = {"client_key": key(), "stances": stances, "reasons": reasons}
    return caller.put(path(case, "stances/"), body)


def comment(caller: Caller, case: Discussion, text: str = "Look at T1.", dimension: str = "IQ") -> HttpResponse:
    """Say something on a dimension."""
    body = {"client_key": key(), "dimension": dimension, "text": text}
    return caller.post(path(case, "posts/"), body)


def topic(case: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one dimension of a case as it was answered."""
    (found,) = [each for each in case["topics"] if each["key"] == name]
    return dict(found)


def without_version(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a case but for its version, which is another one each time."""
    return {name: value for name, value in shown.items() if name != "version"}
