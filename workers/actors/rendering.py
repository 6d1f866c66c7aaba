"""Renders a template and its variables as text in the reader's language."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

PLAIN_SPACES = {0xA0: " ", 0x202F: " "}
WORD = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
LAYOUT = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">'
    "{paragraphs}</body></html>"
)


Line = tuple[str, ...]  # text and names of variables in turn; the first is text


@dataclass(frozen=True)
class Rendered:
    """A title of one line, and a text."""

    title: str
    text: str

    def as_html(self, language: str) -> str:
        """Return the text as a small page, with all markup escaped."""
        paragraphs = "".join(
            f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>"
            for part in re.split(r"\n{2,}", self.text)
        )
        return LAYOUT.format(language=html.escape(language), paragraphs=paragraphs)


def render(job: Mapping[str, Any]) -> Rendered:
    """Return the text of a delivery, from the job that engagement.start_delivery returned.

    A line is omitted when all of its variables are empty.
    """
    locale = _locale(job["reader_locale"], job["locale"])
    zone = ZoneInfo(job["data"].get("time_zone", "UTC"))
    values = {
        name: _shown(job["types"][name], value, locale, zone)
        for name, value in job["data"].items()
        if name in job["types"]
    }
    lines = (_filled(line, values) for line in _compiled(job["body"]))
    text = "\n".join(line for line in lines if line is not None)
    title = " ".join("".join(_replaced(line, values) for line in _compiled(job["title"])).split())
    return Rendered(title or job["event"], text.strip())


@lru_cache(maxsize=1024)
def _compiled(text: str) -> tuple[Line, ...]:
    """Return the lines of a template, compiled once for each version of its text."""
    return tuple(tuple(WORD.split(line)) for line in text.split("\n"))


def _filled(line: Line, values: Mapping[str, str]) -> str | None:
    names = line[1::2]
    if names and not any(values.get(name) for name in names):
        return None
    return _replaced(line, values)


def _replaced(line: Line, values: Mapping[str, str]) -> str:
    if len(line) == 1:
        return line[0]
    return "".join(values.get(it, "") if n % 2 else it for n, it in enumerate(line))


def _locale(reader: str, template: str) -> Locale:
    """Return the reader's locale if the template has their language, else the template's."""
    for tag in (reader, template):
        if tag.split("-")[0] == template.split("-")[0]:
            try:
                return Locale.parse(tag, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
    return Locale("en")


def _shown(kind: str, value: Any, locale: Locale, zone: ZoneInfo) -> str:
    if value is None or value == "":
        return ""
    # A typographic space doubles the price of a text message, because its alphabet has none.
    return SHOWN[kind](value, locale, zone).translate(PLAIN_SPACES)


def _instant(value: str, locale: Locale, zone: ZoneInfo) -> str:
    at = datetime.datetime.fromisoformat(value).astimezone(zone)
    day = format_date(at.date(), "full", locale=locale)
    time = format_time(at, "short", tzinfo=zone, locale=locale)
    return f"{day}, {time} ({_offset(at)})"


def _offset(at: datetime.datetime) -> str:
    """The offset from UTC. Abbreviations are ambiguous: PST is Manila's and California's.

    Babel's own words are an hour off where an offset west of UTC has half an hour.
    """
    minutes = int((at.utcoffset() or datetime.timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _money(value: Mapping[str, Any], locale: Locale, _zone: ZoneInfo) -> str:
    amount = Decimal(value["minor"]).scaleb(-value["digits"])
    return format_currency(amount, value["currency"], locale=locale)


SHOWN: Mapping[str, Callable[[Any, Locale, ZoneInfo], str]] = {
    "text": lambda value, _locale, _zone: str(value),
    "whole_number": lambda value, locale, _zone: format_decimal(value, locale=locale),
    "instant": _instant,
    "money": _money,
}
