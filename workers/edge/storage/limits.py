"""How large an object of a bucket may be, and of which types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request

from workers.edge.storage.caller import SYSTEM
from workers.edge.storage.database import Session
from workers.edge.storage.errors import no_such_bucket, too_large, wrong_type
from workers.edge.storage.service import Service


@dataclass(frozen=True)
class Limits:
    """`size` in bytes; no `types` means that every type is taken."""

    size: int
    types: tuple[str, ...]

    @classmethod
    async def of(cls, request: Request, bucket: str) -> Self:
        """Return the limits of a bucket, whoever asks.

        Raises:
            StorageError: 404 NoSuchBucket.
        """
        service = Service.of(request)
        async with service.database.acting(SYSTEM, "bucket.get", request) as session:
            return await cls.within(session, service.settings.file_size_limit, bucket)

    @classmethod
    async def within(cls, session: Session, largest: int, bucket: str) -> Self:
        """Return them as the caller of a transaction, which sees the bucket.

        Raises:
            StorageError: 404 NoSuchBucket.
        """
        found = await session.row("find_bucket", bucket=bucket)
        if found is None:
            raise no_such_bucket()
        own = found["file_size_limit"]
        return cls(
            size=min(own, largest) if own else largest,
            types=tuple(found["allowed_mime_types"] or ()),
        )

    def require_size(self, size: int) -> None:
        """Refuse what is too large.

        Raises:
            StorageError: 413.
        """
        if size > self.size:
            raise too_large()

    def require_type(self, mimetype: str) -> None:
        """Refuse other types than those that the bucket takes.

        Raises:
            StorageError: 415.
        """
        if not self.types:
            return
        kind = mimetype.partition(";")[0].strip().lower()
        family = f"{kind.partition('/')[0]}/*"
        if not {kind, family, "*/*"} & {one.lower() for one in self.types}:
            raise wrong_type(mimetype)
