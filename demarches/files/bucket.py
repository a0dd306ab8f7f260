"""A bucket that speaks S3, as one more Django storage: `S3_BUCKET`, by the extra `s3`.

What is written there is sealed already (`demarches.files.storage`, `uzes_portal.backup`). Whatever
goes wrong is told in the words of files: a missing one is `FileNotFoundError`, a bucket that is
missing, refuses, breaks off or does not answer in time is `StorageUnreachable`.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, override

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from demarches.files.storage import StorageUnreachable

#: Beyond, what is read waits in a temporary file: an archive, sealed.
HELD_IN_MEMORY = 16 * 1024 * 1024
CLIENT = Config(
    connect_timeout=3,
    read_timeout=8,
    # Two tries: a request of ours has thirty seconds in all.
    retries={"mode": "standard", "total_max_attempts": 2},
    # What every server of this kind knows, whoever made it.
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in {"NoSuchKey", "404"}:
            raise FileNotFoundError(code) from error
        raise StorageUnreachable(code) from error
    except (BotoCoreError, Boto3Error) as error:
        # The kind of error only: its text names the server, and goes where people look.
        raise StorageUnreachable(type(error).__name__) from error


class Bucket(S3Storage):  # type: ignore[misc]
    """The options of `STORAGES`: endpoint, region, bucket, both keys, and the folder inside."""

    @override
    def get_default_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = super().get_default_settings()
        transfer = TransferConfig(use_threads=False)
        return settings | {"client_config": CLIENT, "transfer_config": transfer}

    @override
    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """The whole file, read in one request: what breaks off is known before anything is used."""
        with _told(), ExitStack() as on_failure:
            found = self.bucket.Object(self._normalize_name(name)).get()
            content = on_failure.enter_context(SpooledTemporaryFile(HELD_IN_MEMORY))
            shutil.copyfileobj(found["Body"], content)
            on_failure.pop_all()  # the caller closes it
        content.seek(0)
        return File(content, name)

    @override
    def _save(self, name: str, content: "File[bytes]") -> str:
        with _told():
            saved: str = super()._save(name, content)
            return saved

    @override
    def delete(self, name: str) -> None:
        with _told():
            super().delete(name)

    @override
    def exists(self, name: str) -> bool:
        with _told():
            found: bool = super().exists(name)
            return found

    @override
    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _told():
            folders, files = super().listdir(name)
            return folders, files

    @override
    def get_modified_time(self, name: str) -> datetime:
        with _told():
            modified: datetime = super().get_modified_time(name)
            return modified
