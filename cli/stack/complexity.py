"""Limits on query strings, as regular expressions of the gateway.

Embeddings multiply: each level reads the rows of the level above again. A long list of filters is
planned anew for each request. Brackets and commas count percent-encoded as well, since clients
write them either way.
"""

from __future__ import annotations

MAX_PARAMETERS = 200
MAX_BRACKETS = 100

OPEN, CLOSE, COMMA = r"(?:\(|%28)", r"(?:\)|%29)", r"(?:,|%2c)"
# Runs of other characters. They are possessive, so a long query is never read twice.
NO_BRACKET = r"[^()%]*+(?:%(?!2[89])[^()%]*+)*+"
NO_OPEN = r"[^(%]*+(?:%(?!28)[^(%]*+)*+"
NO_COMMA = r"[^&,%]*+(?:%(?!2c)[^&,%]*+)*+"
OR_AND = r"(?:(?:o|%6f)(?:r|%72)|(?:a|%61)(?:n|%6e)(?:d|%64))"


def too_complex(*, max_nesting: int, max_terms: int) -> tuple[str, ...]:
    """Return what a query string must not match, whatever its case."""
    return (
        _nested(max_nesting),
        rf"(?:^|[&.]){OR_AND}=(?:{NO_COMMA}{COMMA}){{{max_terms}}}",
        rf"^(?:[^&]*+&){{{MAX_PARAMETERS}}}",
        rf"^(?:{NO_OPEN}{OPEN}){{{MAX_BRACKETS + 1}}}",
    )


# A short query without brackets cannot be too complex. Most queries cost only this one look.
SIMPLE = r"^[^(%]{0,390}$"


def _nested(depth: int) -> str:
    """Match a bracket that is nested deeper than `depth`.

    On the way to it each level may have other groups before, which close again and are less deep.
    """
    groups = [NO_BRACKET]
    for _ in range(depth - 1):
        groups.append(f"{NO_BRACKET}(?:{OPEN}{groups[-1]}{CLOSE}{NO_BRACKET})*+")
    return OPEN + "".join(f"{group}{OPEN}" for group in reversed(groups))
