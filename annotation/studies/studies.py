"""Creates and changes studies and their members."""

import hashlib
from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from annotation.core import permissions
from annotation.core.errors import BadInput, WrongState
from annotation.core.history import record_step
from annotation.core.rubric_cache import load_rubric
from annotation.core.scoring_eligibility import scoring_members
from annotation.core.transactions import write_transaction
from annotation.discussions.moderating import give_time_back
from annotation.models import Member, Protocol, Rubric, Study, User
from annotation.releases.test_pool import reserve_pool
from annotation.scoring.leases import release_member_leases

from .protocol_rules import DEFAULTS, PRESETS, complete_rules, format_too_few, people_needed, rule_problems
from .rubrics import require_usable


def create_study(
    *,
    by: User | None,
    slug: str,
    title: str = "",
    rubric: Rubric,
    preset: str = "paper",
    instructions: str = "",
    state: str = Study.State.RUNNING,
    people: Iterable[Member] = (),
) -> Study:
    """Create a study with the first version of its protocol; ``by=None`` is the command line.

    A person who creates a study becomes its first admin. ``people`` are members of studies that they lead, who come
    along in the roles that they have there.

    Raises:
        BadInput: a bad short name, an unknown preset, or one whose threshold this rubric does not reach.
        NotAllowed: the user leads no study.
        NotFound: somebody of ``people`` is in a study, or the rubric is one, that the user does not know of.
        WrongState: the short name is taken (`exists`).
    """
    if by is not None:
        permissions.require_may_create_studies(by)
        require_usable(by, rubric)
    if preset not in PRESETS:
        presets = ", ".join(sorted(PRESETS))
        raise BadInput(
            f"There is no protocol preset {preset!r}; choose one of {presets}.", fields={"protocol": presets}
        )
    rules = complete_rules(PRESETS[preset])
    if by is not None:
        levels = [[level.value for level in dimension.levels] for dimension in load_rubric(rubric.pk).dimensions]
        problems = rule_problems(rules, levels=levels)
        if problems:
            raise BadInput(
                f"The preset {preset!r} does not fit this rubric.", fields={"protocol": " ".join(problems.values())}
            )
    with write_transaction():
        study = _create_study(slug=slug, title=title, rubric=rubric, instructions=instructions, state=state)
        Protocol.objects.create(study=study, version=1, preset=preset, **rules)
        record_step("study_created", study=study, by=by, rubric=str(rubric), preset=preset)
        if by is not None:
            _add_member(study=study, name=by.name or by.username, role=Member.Role.ADMIN, user=by, by=by)
        _copy_members(by=by, study=study, people=people)
    return study


def copy_study(*, by: User, source: Study, slug: str, title: str = "", members: bool | Collection[str] = True) -> Study:
    """Create a study with the rubric, rules and instructions of another one.

    It is a draft and has no samples.

    ``members`` says who comes along: everybody active with a login, nobody, or those of the given public ids. The
    user becomes an admin of it.

    Raises:
        NotAllowed, NotFound: the user does not lead ``source``.
        BadInput, WrongState: as for `create_study`.
    """
    permissions.require_lead(by, source)
    current = Protocol.objects.get(study=source, current=True)
    people = Member.objects.filter(study=source, state=Member.State.ACTIVE, user__isnull=False).order_by("pk")
    if not isinstance(members, bool):
        people = people.filter(public_id__in=members)
    elif not members:
        people = people.none()
    with write_transaction():
        study = _create_study(
            slug=slug,
            title=title,
            rubric=source.rubric,
            instructions=source.instructions,
            state=Study.State.DRAFT,
        )
        rules = {name: getattr(current, name) for name in DEFAULTS}
        Protocol.objects.create(study=study, version=1, preset=current.preset, **rules)
        record_step("study_created", study=study, by=by, rubric=str(source.rubric), copied=source.slug)
        _add_member(study=study, name=by.name or by.username, role=Member.Role.ADMIN, user=by, by=by)
        if current.suggestions != Protocol.Suggestions.NONE:
            # The questions that are to come are drawn for it as they are imported.
            reserve_pool(by=by, study=study)
        _copy_members(by=by, study=study, people=people)
    return study


def _create_study(*, slug: str, title: str, rubric: Rubric, instructions: str, state: str) -> Study:
    if slug != slugify(slug) or not slug:
        raise BadInput("The short name may hold a-z, 0-9 and hyphens.", fields={"slug": "Use a-z, 0-9 and hyphens."})
    try:
        with transaction.atomic():
            return Study.objects.create(
                slug=slug, title=title or slug, rubric=rubric, instructions=instructions, state=state
            )
    except IntegrityError:
        raise WrongState(
            f"A study {slug!r} exists already.", code="exists", fields={"slug": "Choose another short name."}
        ) from None


def _copy_members(*, by: User | None, study: Study, people: Iterable[Member]) -> None:
    """Add members of other studies with the same roles.

    Call it in the transaction that creates the study.
    """
    led: set[int] = set()
    for member in people:
        if by is not None and member.study_id not in led:
            permissions.require_lead(by, member.study)
            led.add(member.study_id)
        if member.user is None or member.user == by or Member.objects.filter(study=study, user=member.user).exists():
            continue
        name = member.name
        if Member.objects.filter(study=study, name=name).exists():
            name = f"{name} ({member.user.username})"
        _add_member(study=study, name=name, role=member.role, user=member.user, by=by)


def change_study(
    *, by: User, study: Study, title: str | None = None, instructions: str | None = None, state: str | None = None
) -> Study:
    """Change a study's title, instructions or state.

    A closed study stays readable and takes no more scores.

    Raises:
        BadInput: there is no such state.
        WrongState: the study cannot start, as too few could score in it (`too_few_people`).
    """
    permissions.require_lead(by, study)
    if state is not None and state not in Study.State.values:
        raise BadInput("No such state.", fields={"state": "One of " + ", ".join(Study.State.values) + "."})
    with write_transaction():
        # What refers to the study goes on meanwhile: whoever holds a discussion would wait for it, and it for them.
        study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        before = {"title": study.title, "instructions": study.instructions, "state": study.state}
        after = {"title": title, "instructions": instructions, "state": state}
        changed = {name: value for name, value in after.items() if value is not None and value != before[name]}
        if study.state == Study.State.DRAFT and changed.get("state") in (Study.State.RUNNING, Study.State.PAUSED):
            missing = find_start_problem(study)
            if missing:
                raise WrongState(missing, code="too_few_people", fields={"state": missing})
        if changed:
            for name, value in changed.items():
                setattr(study, name, value)
            study.save(update_fields=list(changed))
            if before["state"] == Study.State.PAUSED and study.state == Study.State.RUNNING:
                give_time_back(study=study, at=timezone.now())
            record_step(
                "study_changed", study=study, by=by, before={name: before[name] for name in changed}, after=changed
            )
    return study


def find_start_problem(study: Study) -> str:
    """Return why a study cannot start, with the remedy; nothing where it can."""
    current = Protocol.objects.get(study=study, current=True)
    needed = people_needed({name: getattr(current, name) for name in DEFAULTS})
    people = scoring_members(study).count()
    return format_too_few(needed, people) if people < needed else ""


def add_member(*, by: User | None, study: Study, name: str, role: str, user: User | None = None) -> Member:
    """Add a member to a study; without ``user`` it only carries scores.

    Adding the same again changes nothing.
    """
    if by is not None:
        permissions.require_lead(by, study)
    check_role(role)
    return _add_member(study=study, name=name, role=role, user=user, by=by)


def check_role(role: str) -> None:
    """Raise `BadInput` unless a member can have the role."""
    if role not in Member.Role.values:
        raise BadInput("No such role.", fields={"role": "One of " + ", ".join(Member.Role.values) + "."})


def _add_member(*, study: Study, name: str, role: str, user: User | None, by: User | None) -> Member:
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        existing = Member.objects.filter(study=study, user=user).first() if user else None
        if existing is not None:
            if existing.role == role and existing.state != Member.State.LEFT:
                return existing
            raise WrongState(f"{existing.name} is already {existing.role} here.", code="exists")
        if Member.objects.filter(study=study, name=name).exists():
            raise WrongState(
                f"There is already a member called {name!r} in this study.",
                code="exists",
                fields={"name": "Choose another name, or link the existing member by an invitation."},
            )
        member = Member.objects.create(study=study, user=user, name=name, role=role)
        record_step("member_added", study=study, by=by, member=member, role=role)
    return member


def change_member(*, by: User, member: Member, role: str | None = None, state: str | None = None) -> Member:
    """Change a member's role or state.

    The samples that a paused or leaving member holds are released.
    """
    permissions.require_lead(by, member.study)
    if role is not None:
        check_role(role)
    if state is not None and state not in Member.State.values:
        raise BadInput("No such state.", fields={"state": "One of " + ", ".join(Member.State.values) + "."})
    with transaction.atomic():
        member = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("study").get(pk=member.pk)
        role, state = role or member.role, state or member.state
        if (role, state) == (member.role, member.state):
            return member
        loses_admin = member.role == Member.Role.ADMIN and (role != Member.Role.ADMIN or state != Member.State.ACTIVE)
        others = Member.objects.filter(study=member.study, role=Member.Role.ADMIN, state=Member.State.ACTIVE)
        if loses_admin and not others.exclude(pk=member.pk).exists():
            raise WrongState("A study needs an active admin; make somebody else one first.", code="last_admin")
        record_step(
            "member_changed",
            study=member.study,
            by=by,
            member=member,
            before={"role": member.role, "state": member.state},
            role=role,
            state=state,
        )
        member.role, member.state = role, state
        member.save(update_fields=["role", "state"])
        if state != Member.State.ACTIVE or role == Member.Role.RESEARCHER:
            release_member_leases(member=member)
    return member


def hash_secret(secret: str) -> str:
    """Return the SHA-256 under which a secret is stored.

    The secrets are random, so no salt is needed.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
