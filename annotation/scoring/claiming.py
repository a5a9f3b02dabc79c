"""Finding samples for an annotator and claiming their slots.

How it stays fast at any size: candidates are found outside the transaction and claimed inside it by one guarded
UPDATE each; unique constraints stand behind that. Nothing sorts or scans what is done.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from annotation.core import slot_mask
from annotation.core.history import insert_history
from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import Event
from annotation.core.scoring_eligibility import OPEN_ASSIGNMENT_STATES
from annotation.core.sql import to_microseconds
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Sample
from annotation.suggestions import showing
from annotation.suggestions.arms import SlotChoice, SuggestionArm

from . import claiming_sql
from .assignment_sql import HeldRow, LeasingContext

WINDOW = 48
# Several rounds, as other annotators may take a candidate between finding and claiming it. Where all of them reach for
# the same few begun samples, the next rounds look at new ones, of which everybody has others in front of them.
ATTEMPTS, ATTEMPTS_AT_BEGUN = 12, 3
HIGHEST_PRIORITY = 9
# A cursor moves only past rows before which no other can still be uncommitted, and not for every single row.
CURSOR_LAG = timedelta(seconds=2)
CURSOR_STEP = 16


def claim_samples(context: LeasingContext, count: int, now: datetime) -> list[HeldRow]:
    """Lease up to ``count`` samples to a member who holds fewer than they ask for; return the leases."""
    claimed: list[HeldRow] = []
    barred: set[int] = set()
    attempt = 0
    while attempt < ATTEMPTS:
        missing = count - len(claimed)
        candidates = _find_candidates(context, missing, barred, begun_first=attempt < ATTEMPTS_AT_BEGUN)
        if not candidates:
            break
        if context.meets_judges and (blind_only := _blind_only_samples(candidates, context)):
            barred |= blind_only
            continue
        attempt += 1
        claimed += _claim_candidates(candidates[:missing], context, now)
        if len(claimed) == count:
            break
    return claimed


def _blind_only_samples(candidates: Sequence[claiming_sql.Candidate], context: LeasingContext) -> set[int]:
    """Return the samples with only blind slots left, on which the member saw a judge's values."""
    mine = {candidate.sample_id: candidate.free_slots for candidate in candidates if candidate.own_state is not None}
    rules = _suggestion_rules(list(mine), context) if mine else {}
    return {sample_id for sample_id, rule in rules.items() if rule.choose_slot(mine[sample_id]) is None}


def _suggestion_rules(samples: Sequence[int], context: LeasingContext) -> dict[int, showing.SuggestionRule]:
    rubric = load_rubric(context.rubric_id)
    return showing.suggestion_rules(
        samples, member_id=context.member_id, protocol_id=context.protocol_id, rubric=rubric
    )


def _find_candidates(
    context: LeasingContext, count: int, barred: Collection[int], *, begun_first: bool
) -> list[claiming_sql.Candidate]:
    seen = context.exposed_through if context.has_exposures else None
    candidates: list[claiming_sql.Candidate] = []
    priority = claiming_sql.top_begun_priority(context.study_id, below=HIGHEST_PRIORITY + 1) if begun_first else None
    while priority is not None and len(candidates) < count:
        candidates += _find_begun(context, priority, seen, barred)
        if len(candidates) < count:
            priority = claiming_sql.top_begun_priority(context.study_id, below=priority)
    if len(candidates) < count:
        candidates += claiming_sql.untouched_samples(
            context.study_id, context.member_id, context.shuffle_start, count - len(candidates), seen
        )
    if candidates:
        return candidates
    left = claiming_sql.begun_samples_anywhere(context.study_id, context.member_id, WINDOW + len(barred), seen)
    return _in_personal_order([c for c in left if c.sample_id not in barred], context.shuffle_start)


def _find_begun(
    context: LeasingContext, priority: int, seen: int | None, barred: Collection[int]
) -> list[claiming_sql.Candidate]:
    """Return candidates of one priority, and move the cursor past the member's own samples."""
    position = -1
    while True:
        window = claiming_sql.begun_samples(context.study_id, context.member_id, priority, position, WINDOW, seen)
        free = [c for c in window if c.own_state in OPEN_ASSIGNMENT_STATES and c.sample_id not in barred]
        own_count = window.index(free[0]) if free else len(window)
        settled = to_microseconds(timezone.now() - CURSOR_LAG)
        passed = [c.queued_at for c in window[:own_count] if c.queued_at <= settled]
        if len(passed) >= CURSOR_STEP:
            # Samples queued in the same microsecond may lie on both sides of the boundary.
            last = min(passed[-1], free[0].queued_at - 1) if free else passed[-1]
            with write_transaction():
                claiming_sql.move_cursor(context.member_id, priority, last)
        if free or len(window) < WINDOW:
            return _in_personal_order(free, context.shuffle_start)
        position = window[-1].queued_at


def _in_personal_order(candidates: list[claiming_sql.Candidate], shuffle_start: int) -> list[claiming_sql.Candidate]:
    """Sort formerly held samples first, and rotate the rest to the member's own start."""
    mine = [c for c in candidates if c.own_state is not None]
    rest = [c for c in candidates if c.own_state is None]
    start = shuffle_start % len(rest) if rest else 0
    return mine + rest[start:] + rest[:start]


def _claim_candidates(
    candidates: Sequence[claiming_sql.Candidate], context: LeasingContext, now: datetime
) -> list[HeldRow]:
    expires_at = now + timedelta(minutes=context.lease_minutes)
    everything = slot_mask.all_free(context.annotators_per_sample)
    choice_of: dict[int, SlotChoice] = {}
    try:
        with write_transaction():
            rules = (
                _suggestion_rules([candidate.sample_id for candidate in candidates], context)
                if context.meets_judges
                else {}
            )
            # Always in the order of their ids, so that two claims never wait for each other.
            for candidate in sorted(candidates):
                new = candidate.stage == Sample.Stage.UNTOUCHED
                free = everything if new else candidate.free_slots
                rule = rules.get(candidate.sample_id)
                choice = (
                    SlotChoice(slot_mask.lowest_slot(free), SuggestionArm.BLIND)
                    if rule is None
                    else rule.choose_slot(free)
                )
                if choice is None:
                    continue
                left = slot_mask.take_slot(free, choice.slot)
                if new:
                    won = claiming_sql.claim_untouched(
                        candidate.sample_id,
                        protocol_id=context.protocol_id,
                        free_slots=left,
                        scores_needed=context.annotators_per_sample,
                        queued_at=to_microseconds(now),
                    )
                else:
                    won = claiming_sql.claim_begun(candidate.sample_id, expected=free, free_slots=left)
                if won:
                    choice_of[candidate.sample_id] = choice
            won_in_order = [candidate for candidate in candidates if candidate.sample_id in choice_of]
            if not won_in_order:
                return []
            stored = claiming_sql.insert_assignments(
                [(pk, choice_of[pk].slot, choice_of[pk].arm) for pk in (one.sample_id for one in won_in_order)],
                member_id=context.member_id,
                leased_at=now,
                expires_at=expires_at,
            )
            if len(stored) != len(won_in_order):
                raise _SameSampleTwice
            if rules:
                showing.store_suggestions(
                    [(stored[pk][0], rules[pk], choice) for pk, choice in choice_of.items()],
                    returning=[stored[one.sample_id][0] for one in won_in_order if one.own_state is not None],
                    at=now,
                )
            insert_history(
                [(sample_id, Event.LEASED, {"slot": choice.slot}) for sample_id, choice in choice_of.items()],
                study_id=context.study_id,
                member_id=context.member_id,
                user_id=context.user_id,
                at=now,
            )
    except _SameSampleTwice:
        return []
    return [
        HeldRow(
            *stored[candidate.sample_id],
            Assignment.State.LEASED,
            choice_of[candidate.sample_id].arm,
            now,
            expires_at,
            None,
            candidate.sample_id,
            candidate.public_id,
            candidate.has_text,
            candidate.has_image,
        )
        for candidate in won_in_order
    ]


class _SameSampleTwice(Exception):
    """Another request of the same person was faster; the claims are rolled back."""
