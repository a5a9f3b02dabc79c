"""Make a small study to look at."""

from typing import Any

from annotation.management.database import DataCommand
from annotation.management.refusals import refusals_told
from annotation.services.demo import make_demo


class Command(DataCommand):
    help = "Make a small study with people, pictures and scores, and print its logins. Again: changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals_told():
            study, logins = make_demo()
        self.stdout.write(f"The study {study.slug}: {study.title}. Sign in as")
        width = max(len(login.username) for login in logins)
        for login in logins:
            password = login.password or "(a password of its own)"
            self.stdout.write(f"  {login.username:{width}}  {password}  {login.role}")
