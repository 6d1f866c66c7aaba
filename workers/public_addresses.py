"""Which addresses are on the public internet, so that nobody reaches our own network through us."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Translators put IPv4 addresses here. Source: RFC 6052, 2.1, and RFC 8215
TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# An old form of IPv4 addresses in IPv6. Source: RFC 4291, 2.5.5.1
COMPATIBLE = ipaddress.ip_network("::/96")


def is_public(text: str) -> bool:
    """Return whether an address is on the internet. It may hold an IPv4 address."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is not None:
            return is_public(str(hidden))
        if address.teredo is not None or address.is_site_local:
            return False
        if any(address in network for network in (*TRANSLATED, COMPATIBLE)):
            return False
    return address.is_global and not address.is_multicast
