"""What a query string may ask of the database, as regular expressions of the gateway.

Embeddings multiply: each level reads the rows of the level above again. A long list of filters is
planned anew for each request. Brackets and commas count percent-encoded as well, since clients
write them either way.
"""

from __future__ import annotations

MAX_PARAMETERS = 200
MAX_BRACKETS = 100

OPEN, CLOSE, OTHER = r"(?:\(|%28)", r"(?:\)|%29)", r"(?:[^()%]|%(?!2[89]))"
COMMA, NO_COMMA = r"(?:,|%2c)", r"(?:[^&,%]|%(?!2c))"
OR_AND = r"(?:(?:o|%6f)(?:r|%72)|(?:a|%61)(?:n|%6e)(?:d|%64))"


def too_complex(*, max_nesting: int, max_terms: int) -> tuple[str, ...]:
    """Return what a query string must not match, whatever its case."""
    return (
        _nested(max_nesting),
        rf"(?:^|[&.]){OR_AND}=(?:{NO_COMMA}*+{COMMA}){{{max_terms}}}",
        rf"^(?:[^&]*+&){{{MAX_PARAMETERS}}}",
        rf"^(?:{OTHER}*+(?:{CLOSE}{OTHER}*+)*+{OPEN}){{{MAX_BRACKETS + 1}}}",
    )


# A short query without brackets can be none of it, so that it costs one look.
SIMPLE = r"^(?:[^(%]|%(?!28)){0,150}$"


def _nested(depth: int) -> str:
    """Match a bracket that is nested deeper than `depth`.

    On the way to it each level may have other groups before, which close again and are less deep.
    """
    groups = [f"{OTHER}*+"]
    for _ in range(depth - 1):
        groups.append(f"{OTHER}*+(?:{OPEN}{groups[-1]}{CLOSE}{OTHER}*+)*+")
    return OPEN + "".join(f"{group}{OPEN}" for group in reversed(groups))
