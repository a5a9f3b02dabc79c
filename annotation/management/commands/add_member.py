"""Give somebody a place in a study."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from annotation.management.database import DataCommand
from annotation.management.links import set_password_address
from annotation.management.refusals import print_refusals, the_study
from annotation.models import Member, User
from annotation.studies import logins, studies


class Command(DataCommand):
    help = "Add a person to a study, with a login where they have none. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the study")
        parser.add_argument("name", metavar="NAME", help="the person's username")
        parser.add_argument("--role", required=True, choices=Member.Role.values)
        parser.add_argument("--email", default="", help="for a new login")

    def handle(self, *args: Any, slug: str, name: str, role: str, email: str, **options: Any) -> None:
        study = the_study(slug)
        # Together, so that a refused place leaves no login behind.
        with print_refusals(), transaction.atomic():
            user = User.objects.filter(username=name).first()
            if user is None:
                user = logins.create_user(username=name, email=email)
                self.stdout.write(f"Created the login {name}.")
            member = studies.add_member(by=None, study=study, name=user.name or name, role=role, user=user)
        self.stdout.write(f"{member.name} is {member.role} of {slug}.")
        if not user.has_usable_password():
            self.stdout.write(f"{name} sets a password here, once: {set_password_address(user)}")
