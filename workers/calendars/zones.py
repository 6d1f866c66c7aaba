"""Which time zone a name in a calendar means.

What the file defines under a name comes first, also under a known name: `GMT` may have British
summer time. Then come IANA's names, those of Windows, and what Exchange shows to people, such as
`(UTC+01:00) Amsterdam, Berlin, Rome`. A name that means nothing is an error, never another zone.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cache

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from workers.calendars.unreadable import Skipped, quoted

OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*(\d{1,2})(?:[:.]?(\d\d))?", re.IGNORECASE)
BRACKETS = re.compile(r"[(\[]\s*((?:UTC|GMT)?[^()\[\]A-Za-z]*)[)\]]", re.IGNORECASE)
UNIVERSAL = re.compile(r"co-?ordinated universal time\s*(?:[+-]\d+)?", re.IGNORECASE)
ISLANDS = re.compile(r"\s+islands?$", re.IGNORECASE)
OTHER_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
SEASON = re.compile(r"\s*(standard|daylight|summer)?\s+time$", re.IGNORECASE)
MINUS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"})
# What Windows calls places that are not the last part of one of IANA's names.
PLACES = {
    "abu dhabi": "Asia/Dubai",
    "alaska": "America/Anchorage",
    "aleutian islands": "America/Adak",
    "arizona": "America/Phoenix",
    "astana": "Asia/Almaty",
    "baja california": "America/Tijuana",
    "beijing": "Asia/Shanghai",
    "bern": "Europe/Zurich",
    "brasilia": "America/Sao_Paulo",
    "cabo verde is.": "Atlantic/Cape_Verde",
    "canberra": "Australia/Canberra",
    "cape verde is.": "Atlantic/Cape_Verde",
    "central america": "America/Guatemala",
    "chennai": "Asia/Kolkata",
    "chetumal": "America/Cancun",
    "chokurdakh": "Asia/Srednekolymsk",
    "city of buenos aires": "America/Argentina/Buenos_Aires",
    "coordinated universal time": "UTC",
    "edinburgh": "Europe/London",
    "ekaterinburg": "Asia/Yekaterinburg",
    "greenland": "America/Nuuk",
    "haiti": "America/Port-au-Prince",
    "hanoi": "Asia/Ho_Chi_Minh",
    "indiana": "America/Indiana/Indianapolis",
    "international date line west": "Etc/GMT+12",
    "islamabad": "Asia/Karachi",
    "marshall is.": "Pacific/Majuro",
    "mumbai": "Asia/Kolkata",
    "new caledonia": "Pacific/Noumea",
    "new delhi": "Asia/Kolkata",
    "newfoundland": "America/St_Johns",
    "nuku'alofa": "Pacific/Tongatapu",
    "osaka": "Asia/Tokyo",
    "petropavlovsk-kamchatsky": "Asia/Kamchatka",
    "port louis": "Indian/Mauritius",
    "pretoria": "Africa/Johannesburg",
    "saint pierre and miquelon": "America/Miquelon",
    "salvador": "America/Bahia",
    "samoa": "Pacific/Apia",
    "saskatchewan": "America/Regina",
    "solomon is.": "Pacific/Guadalcanal",
    "sri jayawardenepura": "Asia/Colombo",
    "turks and caicos": "America/Grand_Turk",
    "wellington": "Pacific/Auckland",
    "west central africa": "Africa/Lagos",
    "yukon": "America/Whitehorse",
}


class Zones:
    """The zones of one calendar. `defined` are those that the file defines, by name."""

    def __init__(self, defined: Mapping[str, datetime.tzinfo], year: int) -> None:
        self._defined = {_key(name): zone for name, zone in defined.items()}
        self._year = year
        self._found: dict[str, datetime.tzinfo] = {}

    def find(self, name: str) -> datetime.tzinfo:
        """Return the zone of a name.

        Raises:
            Skipped: nobody knows it.
        """
        key = _key(name)
        if key not in self._found:
            zone = self._defined.get(key) or _known(key) or self._displayed(key)
            if zone is None:
                raise Skipped(f"The time zone {quoted(name)} is unknown.")
            self._found[key] = zone
        return self._found[key]

    def _displayed(self, key: str) -> datetime.tzinfo | None:
        """The zone of what programs show to people: an offset, places, or a name with either."""
        if offset := OFFSET.fullmatch(key):
            return datetime.timezone(_offset(offset))
        brackets = BRACKETS.search(key)
        rest = (key[: brackets.start()] + key[brackets.end() :] if brackets else key).strip()
        standard = OFFSET.fullmatch(brackets[1].strip()) if brackets else None
        if not rest or UNIVERSAL.fullmatch(rest):
            return datetime.timezone(_offset(standard)) if standard else _known("utc")
        plain = OTHER_BRACKETS.sub("", rest)
        named = _known(rest) or _known(plain) or _known(SEASON.sub(" standard time", plain))
        if named is not None:
            return named
        return self._of_places(plain, _offset(standard) if standard else None)

    def _of_places(self, names: str, standard: datetime.timedelta | None) -> datetime.tzinfo | None:
        """The zone of the first place that is known and has the offset of the name."""
        for name in re.split(r"[,;:/]| - ", names):
            for zone in _at_place(name.strip()):
                if standard is None or standard in self._offsets(zone):
                    return zone
        return None

    def _offsets(self, zone: datetime.tzinfo) -> Iterator[datetime.timedelta | None]:
        days = (datetime.datetime(self._year, month, 1, tzinfo=zone) for month in (1, 7))
        return (day.utcoffset() for day in days)


def _key(name: str) -> str:
    return " ".join(name.translate(MINUS).strip().strip('"/').split()).casefold()


def _known(key: str) -> datetime.tzinfo | None:
    """The zone that IANA or Windows calls so, also behind a program's own prefix.

    Evolution and Thunderbird wrote /mozilla.org/20050126_1/Europe/Berlin, Exchange writes
    tzone://Microsoft/Utc. Source: RFC 5545, 3.2.19
    """
    parts = key.split("/")
    for start in range(len(parts)):
        rest = "/".join(parts[start:])
        if start and "/" not in rest and rest not in ("utc", "gmt"):
            continue
        if found := _names().get(rest):
            return zoneinfo.ZoneInfo(found)
    return None


def _at_place(name: str) -> Iterator[datetime.tzinfo]:
    key = _without_accents(name.replace("_", " "))
    for found in _places().get(key) or _places().get(ISLANDS.sub("", key), ()):
        yield zoneinfo.ZoneInfo(found)


@cache
def _names() -> Mapping[str, str]:
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return {**windows, **{name.casefold(): name for name in _iana()}}


@cache
def _places() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {place: (zone,) for place, zone in PLACES.items()}
    for name in _iana():
        place = name.rpartition("/")[2].replace("_", " ").casefold()
        found[place] = (*found.get(place, ()), name)
    return found


def _iana() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def _offset(found: re.Match[str]) -> datetime.timedelta:
    size = datetime.timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -size if found[1] == "-" else size


def _without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
