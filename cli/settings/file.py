"""Reads a configuration file into its model, and says which key is wrong when one is."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cli.refusal import Refusal
from cli.wording import problem

# Environment variables that override a key of the file: name → table, key, meaning.
OVERRIDES = {
    "FRONTDESK_JWT_SECRET": ("auth", "jwt_secret", "The secret of HS256 tokens, 32 characters up."),
    "FRONTDESK_ANON_KEY": ("auth", "anon_key", "The key that clients without a user send."),
    "FRONTDESK_SERVICE_ROLE_KEY": ("auth", "service_role_key", "The key of trusted servers."),
    "FRONTDESK_SIGNING_KEYS": (
        "auth",
        "signing_keys_path",
        "A file of private JWKs (ES256, RS256) whose tokens are accepted as well.",
    ),
}
# Supabase resolves env(NAME) where it reads a value; sections that we pass over stay as they are.
READ_SECTIONS = ("project_id", "api", "db", "auth", "storage", "frontdesk")

Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, model: type[Model]) -> Model:
    """Parse, resolve, override and validate the file.

    Raises:
        Refusal: naming the file and the first key that is wrong.
    """
    raw = _parse(path)
    for section in READ_SECTIONS:
        if section in raw:
            raw[section] = _resolve(raw[section], key=section, path=path)
    for name, (section, key, _meaning) in OVERRIDES.items():
        if value := os.environ.get(name):
            raw.setdefault(section, {})[key] = value
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _refusal(error.errors()[0], path, model) from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal(
            f"The configuration {path} cannot be read: {error.strerror}.",
            "Name another one with --config FILE or FRONTDESK_CONFIG.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} is not valid TOML: {error}.", "Correct that line.") from None


def _resolve(value: Any, *, key: str, path: Path) -> Any:
    """Replace `env(NAME)` by the variable, in all that is below this key.

    A table that is switched off needs none of its variables: a key whose variable is not set is
    left out of it.
    """
    if not isinstance(value, dict):
        return _from_environment(value, key=key, path=path)
    is_off = value.get("enabled") is False
    return {
        name: _resolve(below, key=f"{key}.{name}", path=path)
        for name, below in value.items()
        if not (is_off and _variable(below) and _variable(below) not in os.environ)
    }


def _from_environment(value: Any, *, key: str, path: Path) -> Any:
    name = _variable(value)
    if name is None:
        return value
    if name not in os.environ:
        raise Refusal(
            f"{path} reads {key} from {name}, which is not set.", f"Set {name}, or remove the key."
        )
    return os.environ[name]


def _variable(value: Any) -> str | None:
    """Return the NAME of `env(NAME)`."""
    found = re.fullmatch(r"env\((\w+)\)", value) if isinstance(value, str) else None
    return found.group(1) if found else None


def _refusal(error: ErrorDetails, path: Path, model: type[BaseModel]) -> Refusal:
    """One pydantic error as a sentence about a key."""
    key = ".".join(str(part) for part in error["loc"] if _is_key(part))
    if error["type"] == "extra_forbidden":
        *parents, name = (str(part) for part in error["loc"])
        close = difflib.get_close_matches(name, _known(model, parents), n=1)
        hint = ".".join((*parents, close[0])) if close else None
        return Refusal(
            f"{path} has an unknown key: {key}.",
            f"Did you mean {hint}?" if hint else "Remove it.",
        )
    source = next((f" ({n})" for n, (s, k, _) in OVERRIDES.items() if f"{s}.{k}" == key), "")
    return Refusal(
        f"{path} has a wrong value at {key}: {_problem(error)}.", f"Correct {key}{source}."
    )


def _problem(error: ErrorDetails) -> str:
    """Return what is wrong with a value, in our words."""
    if not all(_is_key(part) for part in error["loc"]):
        return "it must be text, a number, true or false"
    return problem(error)


def _is_key(part: int | str) -> bool:
    """Pydantic names the tried member of a union, such as `str`, as if it were a key."""
    return isinstance(part, int) or part not in ("str", "int", "float", "bool")


def _known(model: type[BaseModel], parents: list[str]) -> Mapping[str, object]:
    """The keys that the table at `parents` may have."""
    for parent in parents:
        inner = model.model_fields[parent].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return {}
        model = inner
    return model.model_fields
