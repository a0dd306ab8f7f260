"""A server that speaks S3, on this machine, and some that do it badly."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

import boto3
from moto.server import ThreadedMotoServer

KEYS = {"access_key": "access", "secret_key": "secret"}
PIECES, ARCHIVES = "pieces", "archives"


@contextmanager
def bucket_server() -> Iterator[str]:
    """Serve two empty buckets; give the address of the server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        # What it keeps belongs to the process: another test's server may have left some.
        urlopen(f"{address}/moto-api/reset", data=b"").close()
        for name in (PIECES, ARCHIVES):
            client(address).create_bucket(Bucket=name)
        yield address
    finally:
        server.stop()


def bucket_environment(address: str) -> dict[str, str]:
    """The settings of an installation that keeps everything there."""
    return {
        "S3_ENDPOINT": address,
        "S3_ACCESS_KEY": KEYS["access_key"],
        "S3_SECRET_KEY": KEYS["secret_key"],
        "S3_BUCKET": PIECES,
        "BACKUP_DIR": f"s3:{ARCHIVES}",
    }


def client(address: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )


def contents(address: str, bucket: str) -> dict[str, bytes]:
    """Every object of a bucket, as its server keeps it."""
    here = client(address)
    listed = here.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        one["Key"]: here.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed
    }


@contextmanager
def answering(said: bytes | None) -> Iterator[str]:
    """Answer each caller with these bytes, then hang up; never a word when there are none."""
    server = socket.create_server(("127.0.0.1", 0))
    callers: list[socket.socket] = []

    def run() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            callers.append(caller)
            if said is not None:
                caller.recv(65_536)
                caller.sendall(said)
                caller.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for caller in callers:
            caller.close()
