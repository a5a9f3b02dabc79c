"""Writes uploads into the storage folder, and renames them once complete."""

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from annotation.imports.uploads import incoming_folder


class _StorageFolderFile(TemporaryUploadedFile):
    """A temporary upload in the storage's file system, where a rename is atomic."""

    def __init__(self, name: str, content_type: str, charset: str | None, extra: Any) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=incoming_folder())  # noqa: SIM115 - it outlives us
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class StorageFolderUploadHandler(TemporaryFileUploadHandler):
    """Streams uploads of any size to a file.

    A small upload that is kept in memory would be copied to its name in pieces.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = _StorageFolderFile(
            self.file_name or "", self.content_type or "", self.charset, self.content_type_extra
        )
