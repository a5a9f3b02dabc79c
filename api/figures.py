"""Stored figures as their readers get them: people by name, or by pseudonym for researchers."""

from collections.abc import Iterable, Mapping
from typing import Any

from annotation.models import Member, Study
from annotation.reports.stored_reports import StoredReport, current_job

from .answers import format_time


def people_of(study: Study, *, names: bool) -> dict[str, str]:
    """Return what each member is called, by public id; without ``names`` by pseudonym."""
    members = Member.objects.filter(study=study)
    return {member.public_id: member.display_name(names=names) for member in members}


def agreement_row(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return the figures of a dimension with the people of each pair named."""
    kappa = [{**pair, "pair": [people.get(member, member) for member in pair["pair"]]} for pair in row["kappa"]]
    return {**row, "kappa": kappa}


def describe_towards_whom(rows: Iterable[Mapping[str, Any]], people: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return who moved to whose value, by name."""
    return [{**row, **{end: people.get(row[end], row[end]) for end in ("from", "to")}} for row in rows]


def describe_stance_change(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return what discussions moved on a dimension."""
    return {**row, "whom": describe_towards_whom(row["whom"], people)}


def annotator_row(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return the figures of an annotator on a dimension."""
    return {**row, "annotator": people.get(row["member"], row["member"])}


def influence_person(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return how an annotator deals with what a judge shows."""
    return {**row, "annotator": people.get(row["member"], row["member"])}


def describe_report_age(study: Study, stored: StoredReport | None) -> dict[str, Any]:
    """Return how old stored figures are, and the job that makes newer ones; those that are not there are stale."""
    job = current_job(study)
    return {
        "made_at": None if stored is None else format_time(stored.made_at),
        "stale": stored is None or stored.stale,
        "job": None if job is None else job.public_id,
    }
