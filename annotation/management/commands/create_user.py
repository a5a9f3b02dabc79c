"""Create a login; the first administrator of a new installation is made by this."""

from argparse import ArgumentParser
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.links import set_password_address
from annotation.management.refusals import print_refusals
from annotation.models import User
from annotation.studies import logins


class Command(DataCommand):
    help = "Create a login and print a link to set its password. For somebody who is there already: a new link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the username")
        parser.add_argument("--email", default="")
        parser.add_argument("--site-admin", action="store_true", help="may create studies and lead every one of them")

    def handle(self, *args: Any, name: str, email: str, site_admin: bool, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            with print_refusals():
                user = logins.create_user(username=name, email=email, is_site_admin=site_admin)
            self.stdout.write(f"Created {name}.")
        elif site_admin and not user.is_site_admin:
            logins.make_site_admin(by=None, user=user)
            self.stdout.write(f"{name} administrates the site now.")
        self.stdout.write(f"{name} sets a password here, once: {set_password_address(user)}")
