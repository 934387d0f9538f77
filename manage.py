#!/usr/bin/env python
"""The command line. Commands that need no service start none; schema commands are the owner's."""

import os
import sys
import warnings

STARTS_NOTHING = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help",
    "makemessages", "makemigrations", "optimizemigration", "spectacular", "startapp", "version",
    "verify_signed_values", "price_cdr", "partner_simulator", "--help", "-h", "--version",
}  # fmt: skip
RUNS_AS_OWNER = {"migrate", "sqlmigrate", "showmigrations", "flush", "dbshell", "sqlflush"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearinghouse.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in STARTS_NOTHING or {"--help", "-h"} & set(sys.argv):
        os.environ.setdefault("CLEARINGHOUSE_START", "0")
        # makemigrations would like to ask a database as well, and can do without.
        warnings.filterwarnings("ignore", "Got an error checking a consistent migration history")
    if command in RUNS_AS_OWNER:
        os.environ.setdefault("CLEARINGHOUSE_DB_ROLE", "owner")
    elif os.environ.get("CLEARINGHOUSE_START") != "0" and not os.environ.get("DATABASE_URL"):
        from clearinghouse.embedded.schema import ensure_migrated

        ensure_migrated()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
