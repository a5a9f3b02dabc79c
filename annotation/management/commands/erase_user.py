"""Forget a person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from annotation.management.database import DataCommand
from annotation.management.refusals import print_refusals
from annotation.models import Member, Score, User
from annotation.studies import logins

YES = "yes"


class Command(DataCommand):
    help = (
        "Forget a person for good: name, mail, login, tokens and sign-ins. What they scored and wrote stays, under the "
        "pseudonym of each study."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login", metavar="LOGIN", help="the person's username")
        parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")

    def handle(self, *args: Any, login: str, yes: bool, **options: Any) -> None:
        user = _the_user(login)
        if logins.is_erased(user):
            self.stdout.write(f"{login} was erased before; nothing is changed.")
            return
        if not yes:
            self._ask(user)
        led = _led_alone(user)
        with print_refusals():
            logins.erase_user(by=None, user=user)
        user.refresh_from_db()
        self.stdout.write(f"Erased {login}: name, mail, login, tokens and sign-ins. Left is {user.username}.")
        for member in _places(user):
            self.stdout.write(f"In {member.study.slug} they are {member.name}, with {_scores(member):,} scores.")
        for slug in led:
            self.stdout.write(f"Nobody leads {slug} any more: add_member {slug} NAME --role admin.")
        self.stdout.write("Backups and exports that were made before still name them.")

    def _ask(self, user: User) -> None:
        about = ", ".join(filter(None, (user.name, user.email)))
        studies = ", ".join(member.study.slug for member in _places(user))
        self.stdout.write(f"{user.username}{about and f' ({about})'}, {f'in {studies}' if studies else 'in no study'}.")
        try:
            answer = input(f"This cannot be undone. Type {YES!r} to erase {user.username}: ")
        except EOFError:
            answer = ""
        if answer.strip() != YES:
            raise CommandError("Nothing is changed. With --yes nobody is asked.")


def _the_user(login: str) -> User:
    user = User.objects.filter(username=login).first()
    if user is None:
        raise CommandError(
            f"There is nobody with the username {login!r}; nothing is changed. Who was erased has lost theirs."
        )
    return user


def _places(user: User) -> list[Member]:
    return list(Member.objects.select_related("study").filter(user=user).order_by("study__slug"))


def _scores(member: Member) -> int:
    return Score.objects.filter(member=member, voided_at=None).count()


def _led_alone(user: User) -> list[str]:
    """Return the studies of which the person is the only admin."""
    leading = Member.objects.filter(role=Member.Role.ADMIN, state=Member.State.ACTIVE)
    others = leading.exclude(user=user).values("study")
    return list(leading.filter(user=user).exclude(study__in=others).values_list("study__slug", flat=True))
