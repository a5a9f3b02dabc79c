"""JSON of stored reports, with members by name, or by pseudonym for researchers."""

from collections.abc import Iterable, Mapping
from typing import Any

from annotation.models import Member, Study
from annotation.reports.stored_reports import StoredReport, current_job

from .json_responses import format_time


def load_member_names(study: Study, *, names: bool) -> dict[str, str]:
    """Return the name of each member by public id, or the pseudonym without ``names``."""
    members = Member.objects.filter(study=study)
    return {member.public_id: member.display_name(names=names) for member in members}


def describe_agreement_row(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return the agreement of a dimension, with the members of each pair named."""
    kappa = [{**pair, "pair": [people.get(member, member) for member in pair["pair"]]} for pair in row["kappa"]]
    return {**row, "kappa": kappa}


def describe_adopted_values(rows: Iterable[Mapping[str, Any]], people: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return how often members adopted others' values, by name."""
    return [{**row, **{end: people.get(row[end], row[end]) for end in ("from", "to")}} for row in rows]


def describe_stance_change(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return how discussions changed stances on a dimension."""
    return {**row, "whom": describe_adopted_values(row["whom"], people)}


def describe_annotator_row(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return the metrics of an annotator on a dimension."""
    return {**row, "annotator": people.get(row["member"], row["member"])}


def describe_influence_row(row: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """Return how suggestions influence an annotator."""
    return {**row, "annotator": people.get(row["member"], row["member"])}


def describe_report_age(study: Study, stored: StoredReport | None) -> dict[str, Any]:
    """Return the age of a stored report and its job; a missing report is stale."""
    job = current_job(study)
    return {
        "made_at": None if stored is None else format_time(stored.made_at),
        "stale": stored is None or stored.stale,
        "job": None if job is None else job.public_id,
    }
