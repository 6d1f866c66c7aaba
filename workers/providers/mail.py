"""A mail, and the protocol of its providers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from workers.providers import checks
from workers.providers.failures import Refused
from workers.providers.sent import Sent

HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( *; *[\w-]+=[\w.-]+)*")
FILE_OF_INVITATION = "application/ics"
# Headers that follow from the other fields, or that the transport writes.
OURS = frozenset(
    (
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "received",
        "return-path",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
    )
)


@dataclass(frozen=True)
class Attachment:
    """A file. `content_type` may have parameters: `text/calendar; method=REQUEST`."""

    filename: str
    content_type: str
    content: bytes

    def __post_init__(self) -> None:
        checks.require_one_line("name of an attachment", self.filename)
        if not CONTENT_TYPE.fullmatch(self.content_type):
            raise Refused(f"{self.content_type!r} is not a content type.")

    @property
    def is_invitation(self) -> bool:
        """Return whether mail programs act on it.

        They look for it beside the text, with its method; the file is for people.
        Source: RFC 6047, 2.4.
        """
        return self.media_type == "text/calendar" and "method" in self.parameters

    @property
    def media_type(self) -> str:
        """Return the type without its parameters."""
        return self.content_type.partition(";")[0].strip()

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of the type."""
        pairs = (pair.strip().partition("=") for pair in self.content_type.split(";")[1:])
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True)
class Mail:
    """One mail to one address. `sender` is its From; `html` accompanies the text.

    Raises:
        Refused: for a malformed address, and for line breaks in a header.
    """

    sender: str
    to: str
    subject: str
    text: str
    idempotency_key: str
    html: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        checks.address("sender", self.sender)
        checks.address("recipient", self.to)
        if self.reply_to is not None:
            checks.address("reply address", self.reply_to)
        checks.require_one_line("subject", self.subject)
        checks.require_key(self.idempotency_key)
        for name, value in self.headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OURS:
                raise Refused(f"{name!r} is not a header that a mail may bring along.")
            checks.require_one_line(f"header {name}", value)

    @property
    def message_id(self) -> str:
        """Return the same id for the same key, so that a mailbox recognises a second copy."""
        digest = hashlib.sha256(self.idempotency_key.encode()).hexdigest()[:32]
        return f"<{digest}@{checks.address('sender', self.sender).domain}>"


class Mailer(Protocol):
    """A provider of mail."""

    def send(self, mail: Mail) -> Sent:
        """Send one mail.

        Raises:
            Failure: one of workers.providers.failures, and nothing else.
        """
