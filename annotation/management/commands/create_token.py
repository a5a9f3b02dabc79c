"""Make a secret by which a program acts as a person."""

from argparse import ArgumentParser
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.refusals import print_refusals, the_user
from annotation.studies import logins


class Command(DataCommand):
    help = "Make an API token that acts as a person. It is printed once and not stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the person's username")
        parser.add_argument("--label", default="command line", help="what the token is for; one token per label")

    def handle(self, *args: Any, name: str, label: str, **options: Any) -> None:
        user = the_user(name)
        with print_refusals():
            _, secret = logins.create_token(by=user, user=user, name=label)
        # Alone on standard output, so that a script can catch it.
        self.stderr.write(f"A token of {name} ({label}). It is shown this once; keep it like a password.")
        self.stdout.write(secret)
