"""The bytes of an upload and what the client says about them: a raw body, or a form."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator
from contextlib import suppress

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from workers.edge.storage.errors import invalid
from workers.edge.storage.inputs import user_metadata

MIMETYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+(\s*;\s*[\x20-\x7e]*)?", re.ASCII)
LONGEST_FIELD = 2**20  # bytes of one field of a form
DRAINED = 64 * 2**20  # bytes that are read of an upload that was refused
FIELDS = ("cacheControl", "metadata", "contentType")


class Body:
    """An upload. What the client says is known before the first piece of the file.

    `length` is how many bytes there will be, where the client says so.
    """

    def __init__(self, request: Request) -> None:
        headers = request.headers
        self._stream = request.stream()
        self.mimetype = headers.get("content-type", "application/octet-stream")
        self.cache_control = headers.get("cache-control", "no-cache")
        self.user_metadata = user_metadata(_base64(headers.get("x-metadata", "")))
        length = headers.get("content-length", "")
        self.length = int(length) if length.isdigit() else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the file.

        Raises:
            ClientDisconnect: when the client hangs up before the end.
        """
        async for piece in self._stream:
            yield piece

    async def drain(self) -> None:
        """Read on after a refusal, so that the client reads the answer instead of a reset."""
        left = DRAINED
        # The stream of a request raises when all of it was read before.
        with suppress(RuntimeError):
            async for piece in self._stream:
                left -= len(piece)
                if left < 0:
                    return


class FormBody(Body):
    """An upload as multipart/form-data: fields, and then a part with a file name."""

    def __init__(self, request: Request, boundary: bytes) -> None:
        super().__init__(request)
        self.mimetype, self.cache_control = "application/octet-stream", "no-cache"
        self.length = None
        self._form = _Form(boundary)

    async def open(self) -> None:
        """Read up to the file.

        Raises:
            StorageError: 400 when there is none, or the form is broken.
        """
        while not self._form.has_file:
            if not await self._feed():
                raise invalid("No file provided")
        form, fields = self._form, self._form.fields
        self.mimetype = fields.get("contentType") or form.mimetype or self.mimetype
        if re.fullmatch(r"\d{1,12}", fields.get("cacheControl", "")):
            self.cache_control = f"max-age={fields['cacheControl']}"
        self.user_metadata = user_metadata(fields.get("metadata")) or self.user_metadata

    async def pieces(self) -> AsyncIterator[bytes]:
        """See `Body.pieces`.

        Raises:
            StorageError: 400 when the form breaks off.
        """
        while True:
            while self._form.pieces:
                yield self._form.pieces.pop(0)
            if not await self._feed():
                break
        if not self._form.is_whole:
            raise invalid("Unexpected end of form")

    async def _feed(self) -> bool:
        """Parse the next piece of the request, if there is one."""
        try:
            self._form.feed(await anext(self._stream))
        except StopAsyncIteration:
            return False
        except FormParserError:
            raise invalid("The form is broken") from None
        return True


class _Form:
    """What the parser has found: fields, and the pieces of the first file."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.mimetype = ""
        self.has_file = self.is_whole = False
        self._headers: dict[str, bytes] = {}
        self._name = self._value = b""
        self._field: str | None = None
        self._is_in_file = False
        self._data = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_name,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    def feed(self, piece: bytes) -> None:
        """Parse a piece.

        Raises:
            FormParserError: when it breaks the form.
        """
        self._parser.write(piece)

    def _begin(self) -> None:
        self._headers, self._field, self._is_in_file = {}, None, False
        self._data.clear()

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name = self._value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options and not self.has_file:
            self.has_file = self._is_in_file = True
            self.mimetype = self._headers.get("content-type", b"").decode("latin-1")
        elif name in FIELDS:
            self._field = name

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_in_file:
            self.pieces.append(data[start:end])
        elif self._field is not None:
            self._data += data[start:end]
            if len(self._data) > LONGEST_FIELD:
                raise FormParserError("a field is too long")

    def _end(self) -> None:
        if self._field is not None:
            self.fields[self._field] = self._data.decode("utf-8", "replace")

    def _finish(self) -> None:
        self.is_whole = True


async def body_of(request: Request) -> Body:
    """Return the upload of a request.

    Raises:
        StorageError: 400 for a form without a file or a type that is none.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"multipart/form-data":
        form = FormBody(request, options.get(b"boundary", b""))
        await form.open()
        return _checked(form)
    return _checked(Body(request))


def _checked(body: Body) -> Body:
    """Refuse what could not stand in the header of a download."""
    if not MIMETYPE.fullmatch(body.mimetype):
        raise invalid("The content type is not valid")
    if not body.cache_control.isascii() or not body.cache_control.isprintable():
        raise invalid("The cache control is not valid")
    return body


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
