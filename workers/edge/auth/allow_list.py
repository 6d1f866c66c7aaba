"""Where links may lead: the site itself, and what the allow list names."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from workers.edge.auth.settings import Settings


def allows(settings: Settings, url: str) -> bool:
    """Whether a link may lead there."""
    try:
        wanted, site = urlsplit(url), urlsplit(settings.site_url)
        port = wanted.port
    except ValueError:
        return False
    if not wanted.scheme or any(character in url for character in "\0\r\n\t\\"):
        return False
    if wanted.username is not None or wanted.scheme.lower() in ("javascript", "data", "vbscript"):
        return False
    host = (wanted.hostname or "").lower()
    if host and host == (site.hostname or "").lower():
        return (wanted.scheme == site.scheme and port == site.port) or _is_loopback(host)
    bare = url.partition("#")[0]
    return any(_pattern(entry).fullmatch(bare) for entry in settings.allow_list)


def _is_loopback(host: str) -> bool:
    """A site on one's own machine may be on any of its ports."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _pattern(entry: str) -> re.Pattern[str]:
    """An entry with wildcards: * stops at dots and slashes, ** does not, ? is one character.

    Source: https://supabase.com/docs/guides/auth/redirect-urls
    """
    parts = re.split(r"(\*\*|\*|\?)", entry)
    wild = {"**": ".*", "*": r"[^./]*", "?": r"[^./]"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts))
