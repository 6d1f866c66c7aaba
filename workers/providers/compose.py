"""A mail in the format of the wire (RFC 5322 and MIME), written without the slow email package."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from email.header import Header
from email.headerregistry import Address
from email.utils import formataddr, formatdate
from urllib.parse import quote

from workers.providers import checks
from workers.providers.mail import FILE_OF_INVITATION, Attachment, Mail

LONGEST_LINE = 998  # characters. Source: RFC 5322, 2.1.1
LONGEST_PLAIN = 900  # characters of a header that is written as it is


def compose(mail: Mail) -> bytes:
    """Return the text, with HTML and an invitation beside it, and the attachments.

    The Message-ID stays the same. Addresses beyond ASCII are written as UTF-8, for servers with
    SMTPUTF8.
    """
    lines = [
        _mailbox("From", checks.address("sender", mail.sender)),
        _mailbox("To", checks.address("recipient", mail.to)),
    ]
    if mail.reply_to is not None:
        lines.append(_mailbox("Reply-To", checks.address("reply address", mail.reply_to)))
    lines += (_header("Subject", mail.subject), f"Date: {formatdate()}")
    lines.append(f"Message-ID: {mail.message_id}")
    lines += (_header(name, value) for name, value in mail.headers.items())
    lines.append("MIME-Version: 1.0\r\n")
    return "\r\n".join(lines).encode() + _content(mail)


def _content(mail: Mail) -> bytes:
    """Return the header and the content of the outermost part."""
    bodies = [_text("plain", mail.text)]
    if mail.html is not None:
        bodies.append(_text("html", mail.html))
    bodies += (_invitation(it) for it in mail.attachments if it.is_invitation)
    # No text can have this line, because nobody else knows the key.
    boundary = hashlib.sha256(b"boundary" + mail.idempotency_key.encode()).hexdigest()[:32]
    body = bodies[0] if len(bodies) == 1 else _multipart("alternative", f"{boundary}a", bodies)
    if not mail.attachments:
        return body
    files = (_file(attachment) for attachment in mail.attachments)
    return _multipart("mixed", f"{boundary}m", [body, *files])


def _multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    line = f"--{boundary}".encode()
    inner = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
    return head + inner + line + b"--\r\n"


def _text(subtype: str, text: str) -> bytes:
    content = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") + "\r\n"
    kind = f'text/{subtype}; charset="utf-8"'
    is_plain = content.isascii() and "\0" not in content
    if is_plain and max(map(len, content.split("\r\n"))) <= LONGEST_LINE:
        head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        return head.encode() + content.encode()
    return _encoded(kind, content.encode())


def _invitation(attachment: Attachment) -> bytes:
    parameters = {**attachment.parameters, "charset": "utf-8"}
    return _encoded(_typed("text/calendar", parameters), attachment.content)


def _file(attachment: Attachment) -> bytes:
    """Return a file. An invitation is under a type that programs act on only once."""
    kind = _typed(attachment.media_type, attachment.parameters)
    if attachment.is_invitation:
        kind = FILE_OF_INVITATION
    name = attachment.filename
    if name.isascii():
        shown = 'filename="' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        shown = f"filename*=utf-8''{quote(name)}"  # RFC 2231
    return _encoded(kind, attachment.content, f"Content-Disposition: attachment; {shown}\r\n")


def _typed(media_type: str, parameters: dict[str, str]) -> str:
    return media_type + "".join(f'; {name}="{value}"' for name, value in parameters.items())


def _encoded(kind: str, content: bytes, more: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n"
    return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _mailbox(name: str, address: Address) -> str:
    shown, spec = address.display_name, address.addr_spec
    if not shown:
        return f"{name}: {spec}"
    if not _is_plain(shown):
        return f"{_header(name, shown)}\r\n <{spec}>"
    return f"{name}: {formataddr((shown, 'a@a')).removesuffix('<a@a>')}<{spec}>"


def _header(name: str, value: str) -> str:
    if _is_plain(value):
        return f"{name}: {value}"
    encoded = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}"


def _is_plain(value: str) -> bool:
    return value.isascii() and len(value) <= LONGEST_PLAIN and "=?" not in value
