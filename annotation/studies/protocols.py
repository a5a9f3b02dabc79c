"""Changes a study's rules, and moves begun samples to the current version."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, QuerySet
from django.utils import timezone

from annotation.core import permissions, slot_mask
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import insert_history, record_step
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import Event, next_state
from annotation.core.scoring_eligibility import scoring_members
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.jobs import queueing
from annotation.jobs.resumable_counts import ResumableCounts
from annotation.models import Assignment, HistoryEntry, Job, Member, Protocol, ReservedPool, Sample, Study, User
from annotation.releases.test_pool import reserve_pool
from annotation.review_queue import rebuild
from annotation.scoring.deciding import decide_samples
from annotation.suggestions.arms import SuggestionArm

from . import forecast_data, protocol_rules
from .forecast import RuleForecast

BATCH = 500
MOVE_JOB = "move_samples"
# More take longer than somebody waits for a page.
MOVED_AT_ONCE = 1000
CHANGE_EVENT = "protocol_changed"
# What has come so far under its rules ends under them.
STAYING_STATES = (Sample.State.IN_REVIEW, Sample.State.IN_DISCUSSION, Sample.State.BLOCKED)


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """One version of a study's rules, with its author, changes and samples."""

    protocol: Protocol
    by: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]
    samples: int


@dataclass(frozen=True, slots=True)
class MovePreview:
    """The effect of moving the begun samples to the current version."""

    samples: int
    """Begun, not decided, and still on an older version."""
    decided_now: int
    """Of these: with as many scores as the current version asks for."""
    more_slots: int
    """Scores that would be asked for beyond those asked for now."""
    fewer_slots: int
    leases_back: int
    """Samples that annotators hold now and would lose, as they are asked for no more."""
    staying: int
    """On an older version, in review, in discussion or blocked: they end as they have begun."""


def get_protocol_rules(protocol: Protocol) -> dict[str, Any]:
    """Return the rules of one version as plain values."""
    return {name: getattr(protocol, name) for name in protocol_rules.FIELDS}


def get_dimension_levels(rubric_id: int) -> list[list[float]]:
    """Return the levels of each dimension of a rubric."""
    return [[level.value for level in dimension.levels] for dimension in load_rubric(rubric_id).dimensions]


def propose_protocol(*, study: Study, preset: str | None = None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules that a change would lead to.

    Those of ``fields`` override those of the preset, if one is named.

    Raises:
        BadInput: an unknown preset or rule.
    """
    unknown = {name: "There is no such rule." for name in fields if name not in protocol_rules.FIELDS}
    if preset and preset not in protocol_rules.PRESETS:
        unknown["preset"] = "One of " + ", ".join(sorted(protocol_rules.PRESETS)) + "."
    if unknown:
        raise BadInput("Some of this is no rule of a protocol; nothing was changed.", fields=unknown)
    now = get_protocol_rules(Protocol.objects.get(study=study, current=True))
    return protocol_rules.complete_rules({**now, **(_deciding_rules(preset) if preset else {}), **fields})


def _deciding_rules(preset: str) -> dict[str, Any]:
    """Return a preset's rules, and the default deciding rules beside them."""
    preset_rules = protocol_rules.PRESETS[preset]
    completed = protocol_rules.complete_rules(preset_rules)
    return {
        name: value for name, value in completed.items() if protocol_rules.RULES[name].decides or name in preset_rules
    }


def protocol_problems(*, study: Study, wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return the problems of ``wanted`` in this study, by field.

    Too few people speak against rules only while the study is at work, and only where the change is about how many it
    takes: a study that has lost somebody can still change its deadlines.
    """
    now = protocol_rules.complete_rules(get_protocol_rules(Protocol.objects.get(study=study, current=True)))
    at_work = study.state in (Study.State.RUNNING, Study.State.PAUSED)
    about_people = any(wanted[name] != now[name] for name in protocol_rules.ABOUT_PEOPLE)
    people = scoring_members(study).count() if at_work and about_people else None
    return protocol_rules.rule_problems(wanted, levels=get_dimension_levels(study.rubric_id), people=people)


def change_protocol(*, by: User | None, study: Study, preset: str | None = None, **fields: Any) -> Protocol:
    """Create a new version of the study's rules and return it.

    What is not given stays as it is.

    Samples already begun keep their version until they are moved. Rules that are as they were make no version. With
    rules by which annotators meet a judge the study reserves the pool of its test questions, unless it has one.

    Raises:
        BadInput: something cannot work; ``fields`` says what, why and what to do instead.
        WrongState: the study is closed.
    """
    if by is not None:
        permissions.require_lead(by, study)
    with write_transaction():
        study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        if study.state == Study.State.CLOSED:
            raise WrongState("A closed study keeps its rules. Open it again first.", code="study_closed")
        wanted = propose_protocol(study=study, preset=preset, fields=fields)
        problems = protocol_problems(study=study, wanted=wanted)
        if problems:
            raise BadInput("These rules cannot work; nothing was changed.", fields=problems)
        current = Protocol.objects.get(study=study, current=True)
        before = protocol_rules.complete_rules(get_protocol_rules(current))
        changed = [name for name in protocol_rules.FIELDS if wanted[name] != before[name]]
        if not changed:
            return current
        Protocol.objects.filter(pk=current.pk).update(current=False)
        protocol = Protocol.objects.create(
            study=study,
            version=current.version + 1,
            preset=protocol_rules.find_preset_of_rules(wanted),
            current=True,
            **wanted,
        )
        if protocol.suggestions != Protocol.Suggestions.NONE and not ReservedPool.objects.filter(study=study).exists():
            reserve_pool(by=by, study=study)
        record_step(
            CHANGE_EVENT,
            study=study,
            by=by,
            version=protocol.version,
            before={name: before[name] for name in changed},
            after={name: wanted[name] for name in changed},
        )
        if "work_order" in changed:
            rebuild.request_rebuild(by=None, study=study)
    return protocol


def list_versions(*, study: Study) -> list[ProtocolVersion]:
    """Return the versions of a study's rules, the newest first."""
    entries = HistoryEntry.objects.filter(study=study, sample=None, event=CHANGE_EVENT).select_related("user")
    entry_by_version = {entry.detail["version"]: entry for entry in entries}
    created = (
        HistoryEntry.objects.filter(study=study, sample=None, event="study_created").select_related("user").first()
    )
    samples = dict(Sample.objects.filter(study=study).values_list("protocol").annotate(n=Count("pk")).order_by())
    versions = []
    for protocol in Protocol.objects.filter(study=study).order_by("-version"):
        entry = entry_by_version.get(protocol.version, created if protocol.version == 1 else None)
        detail = entry.detail if entry is not None and protocol.version in entry_by_version else {}
        versions.append(
            ProtocolVersion(
                protocol=protocol,
                by=str(entry.user) if entry is not None and entry.user is not None else "",
                at=protocol.created_at,
                before=detail.get("before", {}),
                after=detail.get("after", {}),
                samples=samples.get(protocol.pk, 0),
            )
        )
    return versions


def forecast_protocol(*, by: User, study: Study, preset: str | None = None, **fields: Any) -> RuleForecast:
    """Return the forecast of the current rules, or of a change of them."""
    permissions.require_lead(by, study)
    return forecast_data.forecast_rules(
        by=by, study=study, wanted=propose_protocol(study=study, preset=preset, fields=fields)
    )


def preview_move(*, by: User, study: Study) -> MovePreview:
    """Return what `move_samples` would do now."""
    permissions.require_lead(by, study)
    current = Protocol.objects.get(study=study, current=True)
    older = Sample.objects.filter(study=study, protocol__isnull=False).exclude(protocol=current)
    samples = older.filter(state=Sample.State.SCORING).select_related("protocol")
    lease_counts = dict(
        Assignment.objects.filter(state=Assignment.State.LEASED, sample__in=samples.values("pk"))
        .values_list("sample")
        .annotate(n=Count("pk"))
    )
    without_blind = _find_without_blind_score(samples)
    totals: dict[str, int] = defaultdict(int)
    for sample in samples.only("scores_in", "scores_needed", "free_slots", "protocol__annotators_per_sample"):
        leased = lease_counts.get(sample.pk, 0)
        asked_scores = leased + sample.free_slots.bit_count()
        wanted = (
            _scores_needed(sample, current, leases=leased, needs_blind=sample.pk in without_blind) - sample.scores_in
        )
        totals["samples"] += 1
        totals["decided"] += wanted <= 0
        totals["more"] += max(0, wanted - asked_scores)
        totals["fewer"] += max(0, asked_scores - max(0, wanted))
        totals["back"] += max(0, leased - max(0, wanted))
    staying = older.filter(state__in=STAYING_STATES).count()
    return MovePreview(
        samples=totals["samples"],
        decided_now=totals["decided"],
        more_slots=totals["more"],
        fewer_slots=totals["fewer"],
        leases_back=totals["back"],
        staying=staying,
    )


def request_move(*, by: User, study: Study) -> Job | int:
    """Move begun samples and return their number, or queue a job for many.

    See `move_samples`.
    """
    permissions.require_lead(by, study)
    older = Sample.objects.filter(study=study, state=Sample.State.SCORING, protocol__current=False)
    if older[MOVED_AT_ONCE : MOVED_AT_ONCE + 1].exists():
        return find_moving_job(study) or queueing.enqueue(by=by, kind=MOVE_JOB, study=study, arguments={})
    return move_samples(by=by, study=study)


def find_moving_job(study: Study) -> Job | None:
    """Return the queued or running job that moves samples."""
    unfinished = (Job.State.QUEUED, Job.State.RUNNING)
    jobs = Job.objects.filter(study=study, kind=MOVE_JOB, state__in=unfinished, cancel_requested=False)
    return jobs.order_by("pk").first()


def move_samples(
    *,
    by: User | None,
    study: Study,
    progress: Callable[[int, int, str], None] | None = None,
    ledger: ResumableCounts | None = None,
) -> int:
    """Move begun samples to the current rules and return their number.

    The slots that they offer follow from the new k and from what stands or is held; where enough scores stand they are
    decided at once. What is interrupted goes on where it stopped when it is asked for again; with the ``ledger`` of the
    run before, count and history are about both.
    """
    if by is not None:
        permissions.require_lead(by, study)
    current = Protocol.objects.get(study=study, current=True)
    keys = list(
        Sample.objects.filter(study=study, state=Sample.State.SCORING, protocol__isnull=False)
        .exclude(protocol=current)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    member = Member.objects.filter(study=study, user=by).first() if by is not None else None
    ledger = ledger or ResumableCounts()
    for start in range(0, len(keys), BATCH):
        if progress:
            progress(start, len(keys), "Moving samples")
        with write_transaction():
            moved = _move_batch(keys[start : start + BATCH], study=study, protocol=current, by=by, member=member)
            ledger.add(moved=moved)
    if ledger["moved"]:
        ledger.run_once(
            f"samples_moved to {current.version}",
            lambda: record_step(
                "samples_moved", study=study, by=by, member=member, version=current.version, samples=ledger["moved"]
            ),
        )
    return ledger["moved"]


def _move_batch(keys: list[int], *, study: Study, protocol: Protocol, by: User | None, member: Member | None) -> int:
    """Move a batch of samples, except those that changed meanwhile."""
    now = timezone.now()
    locked = Sample.objects.select_for_update(of=("self",)).filter(pk__in=keys, state=Sample.State.SCORING)
    samples = list(locked.exclude(protocol=protocol).select_related("protocol").order_by("pk"))
    if not samples:
        return 0
    leased = Assignment.objects.filter(sample__in=samples, state=Assignment.State.LEASED).values_list("sample")
    leases = dict(leased.annotate(n=Count("pk")).order_by())
    without_blind = _find_without_blind_score(Sample.objects.filter(pk__in=[sample.pk for sample in samples]))
    needed = {
        sample.pk: _scores_needed(
            sample, protocol, leases=leases.get(sample.pk, 0), needs_blind=sample.pk in without_blind
        )
        for sample in samples
    }
    open_places = {sample.pk: max(0, needed[sample.pk] - sample.scores_in) for sample in samples}
    _release_surplus_leases(open_places, study=study, at=now)
    occupied_slots: dict[int, list[int]] = defaultdict(list)
    lease_counts: Counter[int] = Counter()
    for sample_id, slot, state in Assignment.objects.filter(
        sample__in=open_places, state__lte=Assignment.State.SCORED
    ).values_list("sample_id", "slot", "state"):
        occupied_slots[sample_id].append(slot)
        lease_counts[sample_id] += state == Assignment.State.LEASED
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    entries: list[tuple[int, str, dict[str, Any]]] = []
    for sample in samples:
        free = _free_slots_mask(occupied_slots[sample.pk], open_places[sample.pk] - lease_counts[sample.pk])
        groups[needed[sample.pk], free].append(sample.pk)
        before = sample.protocol.version if sample.protocol else None
        new_state = next_state(sample.state, Event.PROTOCOL_CHANGED)
        entries.append(
            (sample.pk, Event.PROTOCOL_CHANGED, {"to": new_state, "before": before, "version": protocol.version})
        )
    queued_at = to_microseconds(now) - samples[0].pk
    for (count, free), sample_ids in groups.items():
        Sample.objects.filter(pk__in=sample_ids).update(
            protocol=protocol,
            scores_needed=count,
            free_slots=free,
            stage=Sample.Stage.BEGUN if free else Sample.Stage.CLOSED,
            # No two in the same microsecond: a cursor between them would hide one.
            queued_at=F("id") + queued_at,
        )
    member_id, user_id = member.pk if member else None, by.pk if by else None
    insert_history(entries, study_id=study.pk, member_id=member_id, user_id=user_id, at=now)
    completed = [pk for pk, places in open_places.items() if not places]
    if completed:
        decide_samples(completed, study_id=study.pk, by_member=member_id, by_user=user_id, at=now)
    return len(samples)


def _scores_needed(sample: Sample, protocol: Protocol, *, leases: int, needs_blind: bool) -> int:
    """Return how many scores decide a begun sample under other rules.

    One already asked for to break a tie stays.

    Where it is ``led``, everybody who scored it or holds it having met a judge, a blind score is asked for as well.
    """
    k = protocol.annotators_per_sample
    old_protocol = sample.protocol
    has_extra_score = old_protocol is not None and sample.scores_needed > old_protocol.annotators_per_sample == k
    needed = k + (has_extra_score and protocol_rules.asks_one_more(get_protocol_rules(protocol)))
    if not needs_blind:
        return needed
    expected_scores = sample.scores_in + min(leases, max(0, needed - sample.scores_in))
    return min(max(needed, expected_scores + 1), protocol_rules.MOST_SLOTS)


def _find_without_blind_score(samples: QuerySet[Sample]) -> set[int]:
    """Return the samples with judge-assisted assignments and no blind one."""
    live = Assignment.objects.filter(sample__in=samples.values("pk"), state__lte=Assignment.State.SCORED)
    return {
        pk for pk, arm in live.values_list("sample").annotate(least=Min("arm")).order_by() if arm > SuggestionArm.BLIND
    }


def _release_surplus_leases(open_places: Mapping[int, int], *, study: Study, at: datetime) -> None:
    """Release the leases that are no longer needed, the newest first.

    The samples are locked.

    Those of people who meet a judge go before those of others, so that a sample keeps its blind score.
    """
    leases_by_sample: dict[int, list[Assignment]] = defaultdict(list)
    leased = Assignment.objects.filter(sample__in=open_places, state=Assignment.State.LEASED).select_related("member")
    for row in sorted(leased, key=lambda row: (row.arm != SuggestionArm.BLIND, row.leased_at, row.pk)):
        leases_by_sample[row.sample_id].append(row)
    for sample_id, rows in sorted(leases_by_sample.items()):
        for row in rows[open_places[sample_id] :]:
            Assignment.objects.filter(pk=row.pk).update(state=Assignment.State.RELEASED)
            insert_history(
                [(sample_id, Event.RELEASED, {"slot": row.slot})],
                study_id=study.pk,
                member_id=row.member_id,
                user_id=row.member.user_id,
                at=at,
            )


def _free_slots_mask(slots: Iterable[int], count: int) -> int:
    """Return the mask of the ``count`` lowest free slots."""
    occupied = set(slots)
    free = [slot for slot in range(1, protocol_rules.MOST_SLOTS + 1) if slot not in occupied][: max(0, count)]
    return sum(slot_mask.mask_of_slot(slot) for slot in free)
