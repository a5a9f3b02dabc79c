"""What people can do in a study, chosen by somebody else: by hypothesis, or by chance in many processes at once.

Each act is one call of one service. A refusal is an answer like any other; what must never be is in `rules`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.utils import timezone

from annotation.core.errors import WorkflowError
from annotation.core.rubric_cache import load_rubric
from annotation.discussions import moderating, participating
from annotation.models import Assignment, Discussion, Member, Participant, Sample, Study, User
from annotation.samples import assigning_by_hand, reopening, requesting_review
from annotation.samples.eligibility import eligible_annotators
from annotation.scoring import deciding, exposures, leases, leasing, revising, submitting, unassignable
from annotation.studies import studies
from annotation.suggestions.arms import SuggestionArm

T = TypeVar("T")
ACTS: list[str] = []


def act(function: Callable[..., Any]) -> Callable[..., Any]:
    ACTS.append(function.__name__)
    return function


@dataclass
class Acts:
    """Lets somebody do something in a study; ``pick`` chooses one of several."""

    study: Study
    pick: Callable[[Sequence[T]], T]  # type: ignore[valid-type]
    done: list[tuple[Callable[..., Any], dict[str, Any], Any]] = field(default_factory=list)
    """Writes with a client key that were answered, with what they were asked and what they answered."""
    refusals: list[str] = field(default_factory=list)

    def do(self, name: str) -> bool:
        """Do what is named; tells whether it was possible at all and not refused."""
        try:
            return getattr(self, name)() is not False
        except WorkflowError as refused:
            self.refusals.append(refused.code)
            return False

    def _user(self) -> User:
        return self.pick(list(User.objects.filter(memberships__study=self.study).order_by("pk")))

    def _admin(self) -> User:
        admins = User.objects.filter(memberships__study=self.study, memberships__role="admin")
        return self.pick(list(admins.order_by("pk")))

    def _ratings(self, sample: Sample) -> dict[str, float]:
        given: dict[str, float] = {}
        for dimension in load_rubric(self.study.rubric_id).dimensions:
            if (sample.has_text or not dimension.needs_text) and (sample.has_image or not dimension.needs_image):
                given[dimension.key] = self.pick([level.value for level in dimension.levels])
        return given

    def _with_key(self, service: Callable[..., Any], **asked: Any) -> None:
        asked["client_key"] = asked.get("client_key") or uuid4()
        self.done.append((service, asked, service(**asked)))

    @act
    def work(self) -> bool | None:
        """Take a sample and score it, as most of what people do is; the next one does where one has nothing to do."""
        users = list(User.objects.filter(memberships__study=self.study).order_by("pk"))
        first = users.index(self.pick(users))
        for user in users[first:] + users[:first]:
            for one in leasing.lease_samples(by=user, slug=self.study.slug).assignments:
                sample = Sample.objects.get(public_id=one.sample.public_id)
                self._with_key(
                    submitting.submit_score,
                    by=user,
                    assignment_id=one.public_id,
                    ratings=self._ratings(sample),
                    notes={},
                    seconds=3.0,
                    touched=self._everything(),
                )
                return None
        return False

    def _everything(self) -> list[str]:
        return [dimension.key for dimension in load_rubric(self.study.rubric_id).dimensions]

    def _to_be_revised(self) -> Assignment | None:
        rows = Assignment.objects.filter(sample__study=self.study, arm=SuggestionArm.DELAYED, state=2)
        rows = rows.select_related("member__user", "sample").order_by("pk")
        pending = list(rows.filter(revise_until__isnull=False))
        # What is over is refused, and need not be tried as often.
        found = pending if pending and self.pick([True, True, True, False]) else list(rows)
        return self.pick(found) if found else None

    @act
    def revise(self) -> bool | None:
        mine = self._to_be_revised()
        if mine is None:
            return False
        self._with_key(
            revising.submit_revision,
            by=mine.member.user,
            assignment_id=mine.public_id,
            ratings=self._ratings(mine.sample),
            seconds=2.0,
        )
        return None

    @act
    def undo_a_revision(self) -> bool | None:
        mine = self._to_be_revised()
        if mine is None or mine.member.user is None:
            return False
        submitting.undo_score(by=mine.member.user, assignment_id=mine.public_id)
        return None

    @act
    def let_the_time_to_revise_pass(self) -> bool | None:
        pending = list(Assignment.objects.filter(sample__study=self.study, revise_until__isnull=False).order_by("pk"))
        if not pending:
            return False
        one = self.pick(pending)
        overdue = timezone.now() - timedelta(minutes=1)
        Assignment.objects.filter(pk=one.pk, revise_until__isnull=False).update(revise_until=overdue)
        leases.expire_leases()
        return None

    @act
    def lease(self) -> None:
        leasing.lease_samples(by=self._user(), slug=self.study.slug, count=self.pick([1, 2]))

    def _assignment(self) -> Assignment | None:
        rows = Assignment.objects.filter(sample__study=self.study).select_related("member__user", "sample")
        # Those that are held first: what is over is refused, and need not be tried as often.
        held = list(rows.filter(state=1).order_by("pk"))
        found = held if held and self.pick([True, True, True, False]) else list(rows.order_by("pk"))
        return self.pick(found) if found else None

    @act
    def submit(self) -> bool | None:
        mine = self._assignment()
        if mine is None or mine.member.user is None:
            return False
        self._with_key(
            submitting.submit_score,
            by=mine.member.user,
            assignment_id=mine.public_id,
            ratings=self._ratings(mine.sample),
            notes={},
            seconds=3.0,
            touched=self._everything(),
        )
        return None

    @act
    def undo(self) -> bool | None:
        rows = Assignment.objects.filter(sample__study=self.study, state=2).select_related("member__user")
        found = list(rows.order_by("pk"))
        if not found:
            return False
        mine = self.pick(found)
        submitting.undo_score(by=mine.member.user, assignment_id=mine.public_id)
        return None

    @act
    def skip(self) -> bool | None:
        mine = self._assignment()
        if mine is None:
            return False
        self._with_key(leases.skip_sample, by=mine.member.user, assignment_id=mine.public_id, reason="expertise")
        return None

    @act
    def let_a_lease_run_out(self) -> bool | None:
        held = list(Assignment.objects.filter(sample__study=self.study, state=1).order_by("pk"))
        if not held:
            return False
        one = self.pick(held)
        Assignment.objects.filter(pk=one.pk, state=1).update(expires_at=timezone.now() - timedelta(minutes=1))
        leases.expire_leases()
        return None

    @act
    def look_inside(self) -> None:
        """See scores and generator of a sample, as an admin does who opens its page."""
        member = Member.objects.get(study=self.study, user=self._admin())
        exposures.record_exposure(member=member, samples=[self._sample()])

    def _sample(self) -> Sample:
        return self.pick(list(Sample.objects.filter(study=self.study).order_by("pk")))

    @act
    def pause_or_return(self) -> None:
        rows = Member.objects.filter(study=self.study, role="annotator").select_related("study")
        member = self.pick(list(rows.order_by("pk")))
        studies.change_member(by=self._admin(), member=member, state="active" if member.state == "paused" else "paused")

    @act
    def tidy(self) -> None:
        """Do what is done every few minutes."""
        deciding.decide_undecided(study=self.study)
        unassignable.block_unassignable()
        moderating.hand_over_overdue()

    def _part(self) -> Participant | None:
        rows = Participant.objects.filter(discussion__study=self.study).select_related("discussion", "member__user")
        running, over = rows.exclude(discussion__state="closed"), rows.filter(discussion__state="closed")
        awaited = running.filter(waits=True)
        for rows in (awaited, running, over) if self.pick([True, True, True, False]) else (running, over):
            if found := list(rows.order_by("pk")):
                return self.pick(found)
        return None

    def _topics(self, part: Participant) -> list[str]:
        keys = {dimension.id: dimension.key for dimension in load_rubric(self.study.rubric_id).dimensions}
        topics = part.discussion.topics.order_by("pk").values_list("dimension_id", "closed_at")
        still = [keys[dimension] for dimension, closed in topics if closed is None]
        return still or [keys[dimension] for dimension, _ in topics]

    def _level(self, key: str) -> float:
        (dimension,) = (one for one in load_rubric(self.study.rubric_id).dimensions if one.key == key)
        return self.pick([level.value for level in dimension.levels])

    @act
    def give_reasons(self) -> bool | None:
        part = self._part()
        if part is None:
            return False
        keys = self._topics(part)
        reasoned = part.stances.exclude(reasoned_at=None).values_list("dimension__key", flat=True)
        keys = [key for key in keys if key not in set(reasoned)] or keys
        stances = {key: self._level(key) for key in keys} if part.replaces_id or self.pick([True, False]) else {}
        self._with_key(
            participating.give_reasons,
            by=part.member.user,
            discussion_id=part.discussion.public_id,
            reasons={key: participating.StanceReason(text="Because.") for key in keys},
            stances=stances,
        )
        return None

    @act
    def comment(self) -> bool | None:
        part = self._part()
        if part is None:
            return False
        self._with_key(
            participating.post_comment,
            by=part.member.user,
            discussion_id=part.discussion.public_id,
            dimension=self.pick(self._topics(part)),
            text="I wonder.",
        )
        return None

    @act
    def take_stances(self) -> bool | None:
        part = self._part()
        if part is None:
            return False
        keys = self._topics(part)
        self._with_key(
            participating.take_stances,
            by=part.member.user,
            discussion_id=part.discussion.public_id,
            stances={key: self._level(key) for key in keys},
            reasons={key: participating.StanceReason(code="convinced") for key in keys},
        )
        return None

    @act
    def come_together(self) -> bool | None:
        """Let all who take part in a discussion move to one value, each by themselves, until they are refused."""
        open_ones = Discussion.objects.filter(study=self.study, state="open").order_by("pk")
        if not open_ones:
            return False
        discussion = self.pick(list(open_ones))
        keys = self._topics(Participant.objects.filter(discussion=discussion)[0])
        values = {key: self._level(key) for key in keys}
        why = {key: participating.StanceReason(code="convinced") for key in keys}
        for part in Participant.objects.filter(discussion=discussion, state="active").order_by("pk"):
            about = {"by": part.member.user, "discussion_id": discussion.public_id}
            for service, more in (
                (participating.give_reasons, {"stances": values}),
                (participating.take_stances, {"stances": values}),
            ):
                try:
                    self._with_key(service, **about, reasons=why, **more)
                except WorkflowError as refused:
                    self.refusals.append(refused.code)
        return None

    @act
    def do_it_again(self) -> bool | None:
        """Send what was answered once more, as a page does whose connection broke."""
        if not self.done:
            return False
        service, asked, answer = self.pick(self.done)
        again = service(**asked)
        if service is submitting.submit_score and answer.state == "revising":
            # Own values stay as they were locked, whatever was made of them since.
            assert {**again.ratings, **(again.own or {})} == answer.ratings
        elif service is submitting.submit_score:
            assert again == answer
        return None

    @act
    def use_a_key_for_something_else(self) -> bool | None:
        given = [asked for service, asked, _ in self.done if service is submitting.submit_score]
        mine = self._assignment()
        if not given or mine is None:
            return False
        key: UUID = self.pick(given)["client_key"]
        submitting.submit_score(
            by=mine.member.user,
            assignment_id=mine.public_id,
            client_key=key,
            ratings=self._ratings(mine.sample),
            notes={},
            seconds=None,
            touched=self._everything(),
        )
        return None

    def _discussion(self) -> Discussion | None:
        rows = list(Discussion.objects.filter(study=self.study).exclude(state="closed").order_by("pk"))
        return self.pick(rows) if rows else None

    @act
    def override(self) -> bool | None:
        discussion = self._discussion()
        if discussion is None:
            return False
        keys = self._topics(Participant.objects.filter(discussion=discussion)[0])
        chosen = keys if self.pick([True, False]) else keys[:1]
        moderating.override_topics(
            by=self._admin(),
            discussion_id=discussion.public_id,
            values={key: self._level(key) for key in chosen},
            reason="It has to end.",
        )
        return None

    @act
    def excuse_or_replace(self) -> bool | None:
        discussion = self._discussion()
        if discussion is None:
            return False
        part = self.pick(list(Participant.objects.filter(discussion=discussion).order_by("pk")))
        others = Member.objects.filter(study=self.study).order_by("pk").values_list("public_id", flat=True)
        moderating.excuse_participant(
            by=self._admin(),
            discussion_id=discussion.public_id,
            participant=part.number,
            reason="On leave.",
            replacement=self.pick([None, *others]),
        )
        return None

    @act
    def let_a_deadline_pass(self) -> bool | None:
        discussion = self._discussion()
        if discussion is None:
            return False
        Discussion.objects.filter(pk=discussion.pk, state="open").update(due_at=timezone.now() - timedelta(hours=1))
        moderating.hand_over_overdue()
        return None

    @act
    def give_more_time(self) -> bool | None:
        discussion = self._discussion()
        if discussion is None:
            return False
        due_at = timezone.now() + timedelta(days=2)
        moderating.set_deadline(by=self._admin(), discussion_id=discussion.public_id, due_at=due_at, reason="Soon.")
        return None

    @act
    def reopen(self) -> bool | None:
        if self.pick([True, False]):
            return False
        reopening.reopen_sample(by=self._admin(), sample_id=self._sample().public_id, reason="Once more.")
        return None

    @act
    def ask_review(self) -> None:
        agreed = list(Sample.objects.filter(study=self.study, state="agreed").order_by("pk"))
        sample = self.pick(agreed) if agreed else self._sample()
        requesting_review.request_review(by=self._admin(), sample_id=sample.public_id, reason="Too good.")

    @act
    def give(self) -> None:
        """Let an admin give a sample to one or two: mostly to those who could take it, now and then to whomever."""
        begun = list(
            Sample.objects.filter(study=self.study, state__in=("waiting", "scoring", "in_review")).order_by("pk")
        )
        sample = self.pick(begun) if begun and self.pick([True, True, True, False]) else self._sample()
        people = list(Member.objects.filter(study=self.study).order_by("pk"))
        if self.pick([True, True, True, False]):
            people = [one.member for one in eligible_annotators(self.study, [sample])[sample.pk] if one.free] or people
        named = [self.pick(people).public_id for _ in range(self.pick([1, 2]))]
        assigning_by_hand.assign_sample(
            by=self._admin(), sample_id=sample.public_id, members=named, days=self.pick([1, 3])
        )

    @act
    def withdraw(self) -> bool | None:
        if self.pick([True, False]):
            return False
        reopening.withdraw_sample(by=self._admin(), sample_id=self._sample().public_id, reason="It cannot be scored.")
        return None


# Some are tried more often: without scores and reasons nothing follows.
OFTEN = {
    "work": 18,
    "submit": 4,
    "lease": 2,
    "give_reasons": 6,
    "take_stances": 5,
    "come_together": 4,
    "reopen": 4,
    "revise": 6,
    "give": 2,
}
WEIGHTED = [name for name in ACTS for _ in range(OFTEN.get(name, 1))]
