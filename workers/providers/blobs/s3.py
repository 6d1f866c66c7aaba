"""Bytes in a bucket of an S3 server: Amazon's, or any that speaks its protocol."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from workers.providers.blobs.protocol import PART, Absent, Failed, Stored, require_key

PIECE = 2**20  # bytes
ADDRESS = "/.s3"  # the gateway's internal location for this server
VALID = 300  # seconds for which the gateway may read what it was sent to
ABSENT = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NotFound"})
# A server copies up to 5 GiB in one request, and not every server copies parts.
TRANSFER = TransferConfig(multipart_threshold=5 * 2**30, use_threads=False)


@dataclass(frozen=True)
class Server:
    """Where the bucket is. `endpoint` is an address such as https://s3.eu-central-1.amazonaws.com."""

    endpoint: str
    region: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    force_path_style: bool = True


class S3:
    """The bucket of a server. It is asked three times before a call fails."""

    def __init__(self, server: Server) -> None:
        self._bucket = server.bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=server.region,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            config=Config(
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=50,
                s3={"addressing_style": "path" if server.force_path_style else "virtual"},
                # Not every server knows the checksums that Amazon added later.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def draft(self, key: str) -> S3Draft:
        """See `Blobs.draft`."""
        return S3Draft(self, require_key(key))

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Blobs.read`."""
        if length == 0:
            return
        last = "" if length is None else start + length - 1
        wanted = {} if start == 0 and length is None else {"Range": f"bytes={start}-{last}"}
        with _answers(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=require_key(key), **wanted)
            with contextlib.closing(answer["Body"]) as body:
                yield from body.iter_chunks(PIECE)

    def copy(self, source: str, target: str) -> Stored:
        """See `Blobs.copy`."""
        with _answers(source):
            self._client.copy(
                {"Bucket": self._bucket, "Key": require_key(source)},
                self._bucket,
                require_key(target),
                Config=TRANSFER,
            )
            return self._look(target)

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        # Not every server is content when there is nothing to delete.
        with contextlib.suppress(Absent), _answers(key):
            self._client.delete_object(Bucket=self._bucket, Key=require_key(key))
        with contextlib.suppress(Absent), _answers(key):
            uploads = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key)
            for upload in uploads.get("Uploads", ()):
                if upload["Key"] == key:
                    self._abort(key, upload["UploadId"])

    def delete_below(self, prefix: str) -> None:
        """See `Blobs.delete_below`."""
        require_key(prefix.rstrip("/"))
        with contextlib.suppress(Absent), _answers(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for found in page.get("Contents", ()):
                    self._client.delete_object(Bucket=self._bucket, Key=found["Key"])

    def begin(self, key: str) -> str:
        """See `Blobs.begin`."""
        with _answers(key):
            answer = self._client.create_multipart_upload(Bucket=self._bucket, Key=require_key(key))
            return str(answer["UploadId"])

    def add_part(self, key: str, handle: str, number: int, data: bytes) -> str:
        """See `Blobs.add_part`."""
        with _answers(key):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=require_key(key),
                UploadId=handle,
                PartNumber=number,
                Body=data,
            )
            return str(answer["ETag"]).strip('"')

    def finish(self, key: str, handle: str, tags: list[str]) -> Stored:
        """See `Blobs.finish`."""
        parts = [{"PartNumber": n, "ETag": f'"{tag}"'} for n, tag in enumerate(tags, 1)]
        with _answers(key):
            try:
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=require_key(key),
                    UploadId=handle,
                    MultipartUpload={"Parts": parts},
                )
            except ClientError as error:
                # The upload is gone when it was finished before; then the bytes are there.
                if _code(error) != "NoSuchUpload":
                    raise
            return self._look(key)

    def address(self, key: str) -> str:
        """See `Blobs.address`. The gateway asks the server with a signature of ours."""
        url = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": require_key(key)},
            ExpiresIn=VALID,
        )
        parts = urlsplit(url)
        return f"{ADDRESS}{parts.path}?{parts.query}"

    def put(self, key: str, data: bytes) -> Stored:
        """Store bytes that were not worth parts."""
        with _answers(key):
            self._client.put_object(Bucket=self._bucket, Key=require_key(key), Body=data)
        return Stored(len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())

    def abandon(self, key: str, handle: str) -> None:
        """Forget an upload in parts, as far as the server does it now."""
        with contextlib.suppress(Failed, Absent), _answers(key):
            self._abort(key, handle)

    def _abort(self, key: str, handle: str) -> None:
        self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=handle)

    def _look(self, key: str) -> Stored:
        found = self._client.head_object(Bucket=self._bucket, Key=key)
        return Stored(int(found["ContentLength"]), str(found["ETag"]).strip('"'))


class S3Draft:
    """Bytes that go to the server in parts, unless one is enough. At most two are in memory."""

    def __init__(self, place: S3, key: str) -> None:
        self._place, self._key = place, key
        self._rest = bytearray()
        self._handle: str | None = None
        self._tags: list[str] = []

    def write(self, data: bytes) -> None:
        """See `Draft.write`."""
        self._rest += data
        while len(self._rest) >= PART:
            part = bytes(self._rest[:PART])
            del self._rest[:PART]
            self._send(part)

    def commit(self) -> Stored:
        """See `Draft.commit`."""
        if self._handle is None:
            return self._place.put(self._key, bytes(self._rest))
        if self._rest:
            self._send(bytes(self._rest))
        return self._place.finish(self._key, self._handle, self._tags)

    def abort(self) -> None:
        """See `Draft.abort`."""
        if self._handle is not None:
            self._place.abandon(self._key, self._handle)

    def _send(self, part: bytes) -> None:
        if self._handle is None:
            self._handle = self._place.begin(self._key)
        number = len(self._tags) + 1
        self._tags.append(self._place.add_part(self._key, self._handle, number, part))


@contextmanager
def _answers(key: str) -> Iterator[None]:
    """Raise what the server refuses in the words of the protocol."""
    try:
        yield
    except ClientError as error:
        if _code(error) in ABSENT:
            raise Absent(key) from None
        raise Failed(_code(error)) from error
    except (BotoCoreError, Boto3Error) as error:
        raise Failed(type(error).__name__) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
