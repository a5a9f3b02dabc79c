"""Make a small study to look at, or play the whole loop in one."""

from argparse import ArgumentParser
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.jobs import carry_out
from annotation.management.refusals import print_refusals
from annotation.simulation.demo import make_demo
from annotation.simulation.demo_users import DemoLogin

# Where what the loop leaves behind is to be seen.
PAGES = ("", "samples/", "queue/", "influence/", "judges/", "releases/", "agreement/")


class Command(DataCommand):
    help = "Make a small study with people, pictures and scores, and print its logins. Again: changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop",
            action="store_true",
            help="play another one from import to the second release, with made-up annotators and a judge, and print "
            "what each step gained; less than a minute on two idle processors",
        )

    def handle(self, *args: Any, loop: bool, **options: Any) -> None:
        if loop:
            self._loop()
            return
        with print_refusals():
            study, logins = make_demo()
        self.stdout.write(f"The study {study.slug}: {study.title}. Sign in as")
        self._tell(logins)

    def _loop(self) -> None:
        # Imported here: it reads with numpy and draws pictures.
        from annotation.simulation.loop import table
        from annotation.simulation.loop.runner import is_over, play_all, prepare_loop

        with print_refusals():
            play = prepare_loop(carry_out=lambda job: carry_out(job, self.stderr))
            there = is_over(play)
            if there:
                self.stdout.write(f"The study {play.study.slug} was played before; nothing is changed.")
            self._write(table.head())
            play_all(play, told=lambda number, one: self._write(table.step(number, one)))
            for part in (table.judges, table.influence, table.queue):
                self.stdout.write("")
                self._write(part(play))
        self.stdout.write("")
        self.stdout.write("Look at it: " + " ".join(f"/studies/{play.study.slug}/{page}" for page in PAGES))
        self.stdout.write("Sign in as")
        self._tell(play.logins())

    def _write(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()

    def _tell(self, logins: list[DemoLogin]) -> None:
        width = max(len(login.username) for login in logins)
        for login in logins:
            password = login.password or "(a password of its own)"
            self.stdout.write(f"  {login.username:{width}}  {password}  {login.role}")
