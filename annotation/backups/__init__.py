"""Backups: database and media in one file that means the same on either kind of database.

The file is a tar, plain or compressed by gzip: ``media/<storage name>`` for every stored file, ``tables/<table>.jsonl``
with one row per line, and last ``manifest.json`` with the sizes and SHA-256 sums of all of them.
"""

from .checking import check_backup
from .restoring import RestoreReport, restore_backup
from .writing import BackupReport, write_backup

__all__ = ["BackupReport", "RestoreReport", "check_backup", "restore_backup", "write_backup"]
