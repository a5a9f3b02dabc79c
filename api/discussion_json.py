"""JSON of a discussion; only the fields named here are published."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

from annotation.discussions.participating import StanceReason
from annotation.discussions.view_types import CaseView, DiscussionListRow, MineView, StanceView, TopicView

from . import assignment_json
from .json_responses import format_time, simplify_number, to_json

SALT = "api.discussing"


def describe_case(view: CaseView, *, html: bool = False) -> dict[str, Any]:
    """Return a discussion with its sample; with ``html`` the sample's texts are rendered."""
    shown = {
        "id": view.id,
        "study": view.study_slug,
        "state": view.state,
        "because": view.because,
        "opened_at": format_time(view.opened_at),
        "due_at": format_time(view.due_at),
        "closed_at": format_time(view.closed_at),
        "me": view.me,
        "waits_for_me": view.waits_for_me,
        "sample": assignment_json.describe_sample(view.sample, html=html),
        "participants": [
            {
                "alias": participant.alias,
                "me": participant.me,
                "state": participant.state,
                "waits": participant.waits,
                "name": participant.name,
                "member": participant.member_id,
                "away": participant.away,
            }
            for participant in view.participants
        ],
        "topics": [_describe_topic(topic) for topic in view.topics],
        "settled": [
            {
                "key": settled.key,
                "name": settled.name,
                "value": simplify_number(settled.value),
                "outcome": settled.outcome,
                "firsts": None if settled.firsts is None else [simplify_number(value) for value in settled.firsts],
            }
            for settled in view.settled
        ],
    }
    return {**shown, "version": _build_version(view.id, view.version, shown)}


def describe_case_row(row: DiscussionListRow) -> dict[str, Any]:
    """Return a discussion's row in a list."""
    return {
        "id": row.id,
        "sample": row.sample_public_id,
        "external_id": row.sample_external_id,
        "state": row.state,
        "because": row.because,
        "spread": simplify_number(row.spread),
        "dimensions": list(row.dimensions),
        "opened_at": format_time(row.opened_at),
        "due_at": format_time(row.due_at),
        "closed_at": format_time(row.closed_at),
        "me": row.me,
        "waits_for_me": row.waits_for_me,
        "waits_for": _list_or_none(row.waits_for),
        "away": list(row.away),
    }


def read_reasons(given: Mapping[str, Mapping[str, str]]) -> dict[str, StanceReason]:
    """Return the reasons in a validated request body."""
    return {key: StanceReason(**reason) for key, reason in given.items()}


def is_unchanged(discussion_id: str, stored: int, since: str) -> bool:
    """Whether the stored version of a discussion is still the one of a shown version."""
    nonce, seal, _ = _split_version(since)
    return constant_time_compare(seal, _sign_version(discussion_id, stored, nonce))


def looks_unchanged(shown: Mapping[str, Any], since: str) -> bool:
    """Whether a case shows its reader the same content as at a shown version."""
    return constant_time_compare(_split_version(since)[2], _split_version(shown["version"])[2])


def _build_version(discussion_id: str, stored: int, shown: Mapping[str, Any]) -> str:
    """Return the token with which a page asks for changes.

    The stored version counts every step, those of others too, which nobody learns of before their own reason. So
    it is sealed, anew each time, beside a digest of what the reader sees: a step that is not shown leaves no trace.
    """
    nonce = secrets.token_hex(8)
    digest = hashlib.sha256(to_json(shown)).hexdigest()[:16]
    return f"{nonce}.{_sign_version(discussion_id, stored, nonce)}.{digest}"


def _sign_version(discussion_id: str, stored: int, nonce: str) -> str:
    return salted_hmac(SALT, f"{nonce}.{discussion_id}.{stored}", algorithm="sha256").hexdigest()[:16]


def _split_version(version: str) -> tuple[str, str, str]:
    nonce, _, rest = version.partition(".")
    seal, _, digest = rest.partition(".")
    return nonce, seal, digest


def _describe_topic(topic: TopicView) -> dict[str, Any]:
    return {
        "key": topic.key,
        "name": topic.name,
        "state": topic.state,
        "revealed": topic.revealed,
        "mine": None if topic.mine is None else _describe_stance(topic.mine),
        "stances": None if topic.stances is None else [_describe_others_stance(stance) for stance in topic.stances],
        "posts": [
            {
                "id": post.id,
                "alias": post.alias,
                "kind": post.kind,
                "before": simplify_number(post.before),
                "value": simplify_number(post.value),
                "reason": post.reason,
                "text": post.text,
                "at": format_time(post.at),
            }
            for post in topic.posts
        ],
        "waits_for": _list_or_none(topic.waits_for),
        "value": simplify_number(topic.value),
        "outcome": topic.outcome or None,
        "closed_at": format_time(topic.closed_at),
    }


def _describe_stance(stance: MineView | StanceView) -> dict[str, Any]:
    return {
        "first": simplify_number(stance.first),
        "current": simplify_number(stance.current),
        "reasoned_at": format_time(stance.reasoned_at),
        "answered_at": format_time(stance.answered_at),
    }


def _describe_others_stance(stance: StanceView) -> dict[str, Any]:
    return {"alias": stance.alias, "excused": stance.excused, **_describe_stance(stance)}


def _list_or_none(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else list(names)
