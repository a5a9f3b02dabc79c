"""A study's rules: new versions of them, and moving begun samples to the version of now."""

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

from . import forecast_data
from . import protocol_rules as rules_of
from .forecast import RuleForecast

BATCH = 500
MOVE = "move_samples"
# More take longer than somebody waits for a page.
MOVED_AT_ONCE = 1000
CHANGED = "protocol_changed"
# What has come so far under its rules ends under them.
STAYING = (Sample.State.IN_REVIEW, Sample.State.IN_DISCUSSION, Sample.State.BLOCKED)


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """One version of a study's rules: who made it when, what it changed, how many samples follow it."""

    protocol: Protocol
    by: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]
    samples: int


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What moving the begun samples to the current version would do."""

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


def rules_of_protocol(protocol: Protocol) -> dict[str, Any]:
    """Return the rules of one version as plain values."""
    return {name: getattr(protocol, name) for name in rules_of.FIELDS}


def levels_of(rubric_id: int) -> list[list[float]]:
    """Return the levels of each dimension of a rubric."""
    return [[level.value for level in dimension.levels] for dimension in load_rubric(rubric_id).dimensions]


def propose_protocol(*, study: Study, preset: str | None = None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules that a change would lead to: those of the preset, if one is named, under those given.

    Raises:
        BadInput: an unknown preset or rule.
    """
    unknown = {name: "There is no such rule." for name in fields if name not in rules_of.FIELDS}
    if preset and preset not in rules_of.PRESETS:
        unknown["preset"] = "One of " + ", ".join(sorted(rules_of.PRESETS)) + "."
    if unknown:
        raise BadInput("Some of this is no rule of a protocol; nothing was changed.", fields=unknown)
    now = rules_of_protocol(Protocol.objects.get(study=study, current=True))
    return rules_of.complete_rules({**now, **(_deciding_rules(preset) if preset else {}), **fields})


def _deciding_rules(preset: str) -> dict[str, Any]:
    """Return what a preset says, and what it leaves to the default about deciding."""
    said = rules_of.PRESETS[preset]
    whole = rules_of.complete_rules(said)
    return {name: value for name, value in whole.items() if rules_of.RULES[name].decides or name in said}


def protocol_problems(*, study: Study, wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return what cannot work about ``wanted`` here, by field.

    Too few people speak against rules only while the study is at work, and only where the change is about how many it
    takes: a study that has lost somebody can still change its deadlines.
    """
    now = rules_of.complete_rules(rules_of_protocol(Protocol.objects.get(study=study, current=True)))
    at_work = study.state in (Study.State.RUNNING, Study.State.PAUSED)
    about_people = any(wanted[name] != now[name] for name in rules_of.ABOUT_PEOPLE)
    people = scoring_members(study).count() if at_work and about_people else None
    return rules_of.rule_problems(wanted, levels=levels_of(study.rubric_id), people=people)


def change_protocol(*, by: User | None, study: Study, preset: str | None = None, **fields: Any) -> Protocol:
    """Make a new version of the study's rules and return it; what is not given stays as it is.

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
        found = protocol_problems(study=study, wanted=wanted)
        if found:
            raise BadInput("These rules cannot work; nothing was changed.", fields=found)
        current = Protocol.objects.get(study=study, current=True)
        before = rules_of.complete_rules(rules_of_protocol(current))
        changed = [name for name in rules_of.FIELDS if wanted[name] != before[name]]
        if not changed:
            return current
        Protocol.objects.filter(pk=current.pk).update(current=False)
        made = Protocol.objects.create(
            study=study, version=current.version + 1, preset=rules_of.preset_of(wanted), current=True, **wanted
        )
        if made.suggestions != Protocol.Suggestions.NONE and not ReservedPool.objects.filter(study=study).exists():
            reserve_pool(by=by, study=study)
        record_step(
            CHANGED,
            study=study,
            by=by,
            version=made.version,
            before={name: before[name] for name in changed},
            after={name: wanted[name] for name in changed},
        )
        if "work_order" in changed:
            rebuild.request_rebuild(by=None, study=study)
    return made


def list_versions(*, study: Study) -> list[ProtocolVersion]:
    """Return the versions of a study's rules, the newest first."""
    entries = HistoryEntry.objects.filter(study=study, sample=None, event=CHANGED).select_related("user")
    known = {entry.detail["version"]: entry for entry in entries}
    created = (
        HistoryEntry.objects.filter(study=study, sample=None, event="study_created").select_related("user").first()
    )
    samples = dict(Sample.objects.filter(study=study).values_list("protocol").annotate(n=Count("pk")).order_by())
    found = []
    for protocol in Protocol.objects.filter(study=study).order_by("-version"):
        entry = known.get(protocol.version, created if protocol.version == 1 else None)
        detail = entry.detail if entry is not None and protocol.version in known else {}
        found.append(
            ProtocolVersion(
                protocol=protocol,
                by=str(entry.user) if entry is not None and entry.user is not None else "",
                at=protocol.created_at,
                before=detail.get("before", {}),
                after=detail.get("after", {}),
                samples=samples.get(protocol.pk, 0),
            )
        )
    return found


def forecast_protocol(*, by: User, study: Study, preset: str | None = None, **fields: Any) -> RuleForecast:
    """Return what the rules of now, or those that a change would lead to, would mean by the scores so far."""
    permissions.require_lead(by, study)
    return forecast_data.forecast_rules(
        by=by, study=study, wanted=propose_protocol(study=study, preset=preset, fields=fields)
    )


def preview_move(*, by: User, study: Study) -> MovePreview:
    """Say what `move_samples` would do now."""
    permissions.require_lead(by, study)
    current = Protocol.objects.get(study=study, current=True)
    older = Sample.objects.filter(study=study, protocol__isnull=False).exclude(protocol=current)
    found = older.filter(state=Sample.State.SCORING).select_related("protocol")
    held = dict(
        Assignment.objects.filter(state=Assignment.State.LEASED, sample__in=found.values("pk"))
        .values_list("sample")
        .annotate(n=Count("pk"))
    )
    led = _without_a_blind_value(found)
    totals: dict[str, int] = defaultdict(int)
    for sample in found.only("scores_in", "scores_needed", "free_slots", "protocol__annotators_per_sample"):
        leased = held.get(sample.pk, 0)
        asked = leased + sample.free_slots.bit_count()
        wanted = _scores_needed(sample, current, held=leased, led=sample.pk in led) - sample.scores_in
        totals["samples"] += 1
        totals["decided"] += wanted <= 0
        totals["more"] += max(0, wanted - asked)
        totals["fewer"] += max(0, asked - max(0, wanted))
        totals["back"] += max(0, leased - max(0, wanted))
    staying = older.filter(state__in=STAYING).count()
    return MovePreview(
        samples=totals["samples"],
        decided_now=totals["decided"],
        more_slots=totals["more"],
        fewer_slots=totals["fewer"],
        leases_back=totals["back"],
        staying=staying,
    )


def request_move(*, by: User, study: Study) -> Job | int:
    """Move begun samples, see `move_samples`: at once and return how many, or as a job where they are many."""
    permissions.require_lead(by, study)
    older = Sample.objects.filter(study=study, state=Sample.State.SCORING, protocol__current=False)
    if older[MOVED_AT_ONCE : MOVED_AT_ONCE + 1].exists():
        return find_moving_job(study) or queueing.enqueue(by=by, kind=MOVE, study=study, arguments={})
    return move_samples(by=by, study=study)


def find_moving_job(study: Study) -> Job | None:
    """Return the job that moves samples now, or will."""
    unfinished = (Job.State.QUEUED, Job.State.RUNNING)
    found = Job.objects.filter(study=study, kind=MOVE, state__in=unfinished, cancel_requested=False)
    return found.order_by("pk").first()


def move_samples(
    *,
    by: User | None,
    study: Study,
    progress: Callable[[int, int, str], None] | None = None,
    ledger: ResumableCounts | None = None,
) -> int:
    """Put begun samples that are not decided on the current version of the rules; return how many were moved.

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
            moved = _move(keys[start : start + BATCH], study=study, protocol=current, by=by, member=member)
            ledger.add(moved=moved)
    if ledger["moved"]:
        ledger.run_once(
            f"samples_moved to {current.version}",
            lambda: record_step(
                "samples_moved", study=study, by=by, member=member, version=current.version, samples=ledger["moved"]
            ),
        )
    return ledger["moved"]


def _move(keys: list[int], *, study: Study, protocol: Protocol, by: User | None, member: Member | None) -> int:
    """Move the samples of one transaction; those that changed in the meantime are left alone."""
    now = timezone.now()
    locked = Sample.objects.select_for_update(of=("self",)).filter(pk__in=keys, state=Sample.State.SCORING)
    found = list(locked.exclude(protocol=protocol).select_related("protocol").order_by("pk"))
    if not found:
        return 0
    leased = Assignment.objects.filter(sample__in=found, state=Assignment.State.LEASED).values_list("sample")
    holding = dict(leased.annotate(n=Count("pk")).order_by())
    led = _without_a_blind_value(Sample.objects.filter(pk__in=[sample.pk for sample in found]))
    needed = {
        sample.pk: _scores_needed(sample, protocol, held=holding.get(sample.pk, 0), led=sample.pk in led)
        for sample in found
    }
    open_places = {sample.pk: max(0, needed[sample.pk] - sample.scores_in) for sample in found}
    _take_back(open_places, study=study, at=now)
    taken: dict[int, list[int]] = defaultdict(list)
    held: Counter[int] = Counter()
    for sample_id, slot, state in Assignment.objects.filter(
        sample__in=open_places, state__lte=Assignment.State.SCORED
    ).values_list("sample_id", "slot", "state"):
        taken[sample_id].append(slot)
        held[sample_id] += state == Assignment.State.LEASED
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    entries: list[tuple[int, str, dict[str, Any]]] = []
    for sample in found:
        free = _free(taken[sample.pk], open_places[sample.pk] - held[sample.pk])
        groups[needed[sample.pk], free].append(sample.pk)
        before = sample.protocol.version if sample.protocol else None
        to = next_state(sample.state, Event.PROTOCOL_CHANGED)
        entries.append((sample.pk, Event.PROTOCOL_CHANGED, {"to": to, "before": before, "version": protocol.version}))
    queued_at = to_microseconds(now) - found[0].pk
    for (count, free), samples in groups.items():
        Sample.objects.filter(pk__in=samples).update(
            protocol=protocol,
            scores_needed=count,
            free_slots=free,
            stage=Sample.Stage.BEGUN if free else Sample.Stage.CLOSED,
            # No two in the same microsecond: a cursor between them would hide one.
            queued_at=F("id") + queued_at,
        )
    member_id, user_id = member.pk if member else None, by.pk if by else None
    insert_history(entries, study_id=study.pk, member_id=member_id, user_id=user_id, at=now)
    enough = [pk for pk, places in open_places.items() if not places]
    if enough:
        decide_samples(enough, study_id=study.pk, by_member=member_id, by_user=user_id, at=now)
    return len(found)


def _scores_needed(sample: Sample, protocol: Protocol, *, held: int, led: bool) -> int:
    """Return how many scores decide a begun sample under other rules; one already asked for to break a tie stays.

    Where it is ``led``, everybody who scored it or holds it having met a judge, a blind score is asked for as well.
    """
    k = protocol.annotators_per_sample
    old = sample.protocol
    asked = old is not None and sample.scores_needed > old.annotators_per_sample == k
    needed = k + (asked and rules_of.asks_one_more(rules_of_protocol(protocol)))
    if not led:
        return needed
    taken = sample.scores_in + min(held, max(0, needed - sample.scores_in))
    return min(max(needed, taken + 1), rules_of.MOST_SLOTS)


def _without_a_blind_value(samples: QuerySet[Sample]) -> set[int]:
    """Return the samples that somebody met a judge on and nobody has scored or holds blind."""
    live = Assignment.objects.filter(sample__in=samples.values("pk"), state__lte=Assignment.State.SCORED)
    return {
        pk for pk, arm in live.values_list("sample").annotate(least=Min("arm")).order_by() if arm > SuggestionArm.BLIND
    }


def _take_back(open_places: Mapping[int, int], *, study: Study, at: datetime) -> None:
    """End the leases that are asked for no more, the newest first; the samples are locked.

    Those of people who meet a judge go before those of others, so that a sample keeps its blind score.
    """
    held: dict[int, list[Assignment]] = defaultdict(list)
    leased = Assignment.objects.filter(sample__in=open_places, state=Assignment.State.LEASED).select_related("member")
    for row in sorted(leased, key=lambda row: (row.arm != SuggestionArm.BLIND, row.leased_at, row.pk)):
        held[row.sample_id].append(row)
    for sample_id, rows in sorted(held.items()):
        for row in rows[open_places[sample_id] :]:
            Assignment.objects.filter(pk=row.pk).update(state=Assignment.State.RELEASED)
            insert_history(
                [(sample_id, Event.RELEASED, {"slot": row.slot})],
                study_id=study.pk,
                member_id=row.member_id,
                user_id=row.member.user_id,
                at=at,
            )


def _free(taken: Iterable[int], count: int) -> int:
    """Return the mask of the ``count`` lowest slots that are not taken."""
    occupied = set(taken)
    free = [slot for slot in range(1, rules_of.MOST_SLOTS + 1) if slot not in occupied][: max(0, count)]
    return sum(slot_mask.mask_of_slot(slot) for slot in free)
