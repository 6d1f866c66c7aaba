"""How dates are written, and what is wrong with a value of the configuration or an argument.

Pydantic finds it, and this page has our words for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BY_TYPE = {
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "dict_type": "it must be a table",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "greater_than": "it must be more than {gt}",
    "greater_than_equal": "it must be at least {ge}",
    "int_from_float": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_type": "it must be a whole number",
    "less_than_equal": "it must be at most {le}",
    "list_type": "it must be a list",
    "model_type": "it must be a table",
    "string_pattern_mismatch": "it must be a duration such as 30s, 5m or 1h",
    "string_too_short": "it must have at least {min_length} characters",
    "string_type": "it must be text in quotes",
    "too_short": "it must have at least {min_length} entries",
    "value_error": "{error}",
}
DAY = "%Y-%m-%d"


def problem(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, for one of pydantic's errors, without a full stop."""
    text = BY_TYPE.get(error["type"], "no such value is taken here")
    said = text.format(**error.get("ctx", {})).rstrip(".")
    return "it must be a date such as 2031-05-06" if DAY in said else said
