"""Receive files in memory, within bounds, and never on the disk in clear.

Django would spool larger files into the system's temporary folder: the identity papers of
residents would lie there unencrypted. Here what exceeds the limits is counted and let go
while it arrives, so that the answer can still say how large the file was.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers


class ReceivedFile(InMemoryUploadedFile):
    """A file sent by a browser; `over_limit` names the limit that emptied it, if one did."""

    over_limit: str = ""


class BoundedMemoryHandler(FileUploadHandler):
    """Keep each file up to the limit of a file, and all of them up to the limit of a request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.buffer = BytesIO()
        self.over_limit = ""
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.over_limit:
            return
        self.received += len(raw_data)
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            self.over_limit = "too_large"
        elif self.received > settings.UPLOAD_MAX_BYTES_PER_REQUEST:
            self.over_limit = "too_much_at_once"
        if self.over_limit:
            self.received -= start + len(raw_data)
            self.buffer = BytesIO()
        else:
            self.buffer.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self.buffer.seek(0)
        received = ReceivedFile(
            self.buffer,
            self.field_name,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
            self.content_type_extra,
        )
        received.over_limit = self.over_limit
        return received
