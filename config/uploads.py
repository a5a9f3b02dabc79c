"""Uploads are written beside the place where they will stay, and then renamed: there is never half a file in it."""

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from annotation.imports.uploads import incoming_folder


class _BesideStorage(TemporaryUploadedFile):
    """Django's, in a folder of our choice: across file systems a rename would be a copy, which a crash cuts short."""

    def __init__(self, name: str, content_type: str, charset: str | None, extra: Any) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=incoming_folder())  # noqa: SIM115 - it outlives us
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class UploadsBesideStorage(TemporaryFileUploadHandler):
    """Takes uploads of any size: a small one that is kept in memory would be written into its place bit by bit."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = _BesideStorage(self.file_name or "", self.content_type or "", self.charset, self.content_type_extra)
