"""Where links may lead: to the site itself, and to what the allow list names."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from workers.edge.auth.settings import Settings


def allows(settings: Settings, url: str) -> bool:
    """Return whether a link may lead there."""
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
        is_site = wanted.scheme == site.scheme and port == site.port
        if is_site or (wanted.scheme in ("http", "https") and _is_loopback(host)):
            return True
    bare = url.partition("#")[0]
    return any(_pattern(entry).fullmatch(bare) for entry in settings.allow_list)


def _is_loopback(host: str) -> bool:
    """Return whether a host is this machine, where the site may be on any port."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _pattern(entry: str) -> re.Pattern[str]:
    """Compile an entry: * stops at dots and slashes, ** does not, ? is one character.

    Source: https://supabase.com/docs/guides/auth/redirect-urls
    """
    parts = re.split(r"(\*\*|\*|\?)", entry)
    wild = {"**": ".*", "*": r"[^./]*", "?": r"[^./]"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts))
