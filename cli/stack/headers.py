"""The headers by which the gateway tells browsers what they may do with an answer."""

from __future__ import annotations

from pathlib import Path
from string import Template

from cli.settings.config import Gateway

EVERYBODY = "*"
GENERAL = {
    "X-Content-Type-Options": "$nosniff",
    "Content-Security-Policy": "$data_policy",
    "Strict-Transport-Security": "$transport",
}
# The origin goes beside each answer: a cache must not hand it to another site.
OF_ALLOWED = {"Access-Control-Allow-Origin": "$allowed_origin", "Vary": "Origin"}


def maps(gateway: Gateway) -> str:
    """Return the nginx maps that the headers take their values from."""
    text = (Path(__file__).parent / "gateway_headers.conf").read_text()
    listed = "".join(f'        "{origin}" $http_origin;\n' for origin in gateway.allowed_origins)
    return Template(text).substitute(allowed_origins="" if _is_open(gateway) else listed)


def answers(gateway: Gateway) -> str:
    """Return the lines for answers of PostgREST and of the edge, which allow every origin."""
    if _is_open(gateway):
        return _lines(GENERAL)
    return "    proxy_hide_header Access-Control-Allow-Origin;\n" + _lines(GENERAL | OF_ALLOWED)


def errors(gateway: Gateway) -> str:
    """Return the lines for refusals of the gateway itself."""
    open_to_all = {"Access-Control-Allow-Origin": EVERYBODY}
    return _lines(GENERAL | (open_to_all if _is_open(gateway) else OF_ALLOWED))


def of_files(gateway: Gateway) -> str:
    """Return where the origin comes from that may read a file."""
    return "$of_edge_origin" if _is_open(gateway) else "$allowed_origin"


def _is_open(gateway: Gateway) -> bool:
    return EVERYBODY in gateway.allowed_origins


def _lines(headers: dict[str, str]) -> str:
    return "".join(f"    add_header {name} {value} always;\n" for name, value in headers.items())
