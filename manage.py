#!/usr/bin/env python
"""Command-line door: every administrative command of the platform."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"] or (sys.argv[1:2] == ["up"] and "--demo" in sys.argv):
        # The settings are read only once, so it is said before that. A server that is no demo refuses demo logins.
        os.environ["DEMO"] = "1"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
