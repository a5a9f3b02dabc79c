"""Create a demo study, or run the whole loop in one."""

from argparse import ArgumentParser
from typing import Any

from annotation.management.database import DataCommand
from annotation.management.jobs import carry_out
from annotation.management.refusals import print_refusals
from annotation.simulation.demo import create_demo
from annotation.simulation.demo_users import DemoLogin

# The pages that show the results of the loop.
PAGES = ("", "samples/", "queue/", "influence/", "judges/", "releases/", "agreement/")


class Command(DataCommand):
    help = "Make a small study with people, pictures and scores, and print its logins. Again: changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop",
            action="store_true",
            help="run another study from import to the second release, with synthetic annotators and a judge, and "
            "print the result of each step; takes less than a minute on two idle processors",
        )

    def handle(self, *args: Any, loop: bool, **options: Any) -> None:
        if loop:
            self._run_loop()
            return
        with print_refusals():
            study, logins = create_demo()
        self.stdout.write(f"The study {study.slug}: {study.title}. Sign in as")
        self._print_logins(logins)

    def _run_loop(self) -> None:
        # Imported here: it reads with numpy and draws pictures.
        from annotation.simulation.loop import table
        from annotation.simulation.loop.runner import is_complete, prepare_loop, run_loop

        with print_refusals():
            context = prepare_loop(carry_out=lambda job: carry_out(job, self.stderr))
            if is_complete(context):
                self.stdout.write(f"The loop of the study {context.study.slug} has run before; nothing is changed.")
            self._print_lines(table.header_lines())
            run_loop(context, on_step=lambda number, step: self._print_lines(table.step_lines(number, step)))
            for part in (table.judge_lines, table.anchoring_lines, table.queue_lines):
                self.stdout.write("")
                self._print_lines(part(context))
        self.stdout.write("")
        self.stdout.write("Pages: " + " ".join(f"/studies/{context.study.slug}/{page}" for page in PAGES))
        self.stdout.write("Sign in as")
        self._print_logins(context.logins())

    def _print_lines(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()

    def _print_logins(self, logins: list[DemoLogin]) -> None:
        width = max(len(login.username) for login in logins)
        for login in logins:
            password = login.password or "(a password of its own)"
            self.stdout.write(f"  {login.username:{width}}  {password}  {login.role}")
