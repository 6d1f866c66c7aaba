"""The published cases of Unleash's SDKs, as flags and questions of ours.

Source: npm @unleash/client-specification.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from cli.options import ROOT

FOLDER = ROOT / "node_modules" / "@unleash" / "client-specification" / "specifications"
# RE2's dialect of regular expressions is not PostgreSQL's.
FOREIGN = {"REGEX"}
PLAIN = ("userId", "sessionId", "remoteAddress", "environment", "appName", "currentTime")
OFF_VALUES: dict[str, Any] = {"boolean": False, "string": "", "number": 0}

FLAG = """
    insert into flags.flags (key, is_enabled, value_type, off_value, variants, rules)
    values (%s, %s, %s, %s, %s, %s) on conflict do nothing
"""
SEGMENT = "insert into flags.segments (name, constraints) values (%s, %s) on conflict do nothing"
PREREQUISITE = """
    insert into flags.prerequisites (flag_key, required_key, must_be_on, variants)
    values (%s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Case:
    """A question, and what is on and which variant and value come back."""

    file: str
    sentence: str
    key: str
    context: dict[str, Any]
    is_on: bool
    variant: str | None
    value: Any

    @property
    def wanted(self) -> tuple[bool, str | None, Any]:
        """The answer; a case about `isEnabled` says nothing about the variant."""
        return self.is_on, self.variant, self.value

    def seen(self, *, is_on: bool, variant: str, value: Any) -> tuple[bool, str | None, Any]:
        """An answer of ours, in the form of `wanted`."""
        if self.variant is None:
            return is_on, None, None
        return (is_on, "disabled", None) if variant in ("on", "off") else (is_on, variant, value)


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Every published file, by its name."""
    names = json.loads((FOLDER / "index.json").read_text("utf-8"))
    return {name: json.loads((FOLDER / name).read_text("utf-8")) for name in names}


@cache
def cases() -> list[Case]:
    """Every case whose operators we have."""
    return [
        _case(name, test)
        for name, document in documents().items()
        for test in (*document.get("tests", ()), *document.get("variantTests", ()))
        if test["toggleName"] not in _foreign(document)
    ]


@cache
def twins() -> set[str]:
    """Names that two files give to different flags."""
    named = Counter(
        feature["name"]
        for document in documents().values()
        for feature in _state(document, "feature", "features")
    )
    return {name for name, count in named.items() if count > 1}


def key_of(file: str, name: str) -> str:
    """The key of a flag here."""
    return f"{name}:{file}" if name in twins() else name


def load(connection: psycopg.Connection[Any]) -> list[str]:
    """Write the flags of all files; returns those that the database refuses."""
    refused = []
    for name, document in documents().items():
        for segment in _state(document, "segment", "segments"):
            row = (f"{name}:{segment['id']}", Jsonb(_rule_list(segment["constraints"])))
            connection.execute(SEGMENT, row)
        features = _state(document, "feature", "features")
        features.sort(key=lambda feature: bool(feature.get("dependencies")))
        refused += [
            feature["name"]
            for feature in features
            if not _foreign(document) & {feature["name"]}
            and not _written(connection, name, feature)
        ]
    return refused


def _written(connection: psycopg.Connection[Any], file: str, feature: dict[str, Any]) -> bool:
    try:
        with connection.transaction():
            connection.execute(FLAG, _row(file, feature))
            for needed in feature.get("dependencies") or ():
                variants = ["on" if v == "disabled" else v for v in needed.get("variants", ())]
                row = (feature["name"], needed["feature"], needed.get("enabled", True), variants)
                connection.execute(PREREQUISITE, row)
    except psycopg.errors.DatabaseError:
        return False
    return True


def _row(file: str, feature: dict[str, Any]) -> tuple[object, ...]:
    strategies = feature.get("strategies") or []
    lists = [feature.get("variants") or [], *(each.get("variants") or [] for each in strategies)]
    types = {variant["payload"]["type"] for variants in lists for variant in variants}
    (value_type,) = types or {"boolean"}
    rules = [_rule(file, strategy) for strategy in strategies]
    variants = [_variant(variant) for variant in lists[0]]
    return (
        *(
            key_of(file, feature["name"]),
            feature["enabled"],
            value_type,
            Jsonb(OFF_VALUES[value_type]),
        ),
        *(Jsonb(variants), Jsonb(rules)),
    )


def _rule(file: str, strategy: dict[str, Any]) -> dict[str, Any]:
    given = strategy.get("parameters") or {}
    rule: dict[str, Any] = {
        "constraints": _rule_list(strategy.get("constraints") or []),
        "segments": [f"{file}:{key}" for key in strategy.get("segments") or ()],
        "variants": [_variant(variant) for variant in strategy.get("variants") or ()],
    }
    share = given.get("rollout", given.get("percentage"))
    if share is not None:
        sticky = {"UserId": "userId", "SessionId": "sessionId", "Random": "random"}
        kind = strategy["name"].removeprefix("gradualRollout")
        rule |= {
            "percentage": int(share),
            "stickiness": given.get("stickiness", sticky.get(kind, "default")),
            **({"groupId": given["groupId"]} if "groupId" in given else {}),
        }
    for name, field, operator in (
        ("userIds", "userId", "IN"),
        ("IPs", "remoteAddress", "IN_CIDR"),
    ):
        if name in given:
            values = [value.strip() for value in given[name].split(",")]
            listed = {"contextName": field, "operator": operator, "values": values}
            rule["constraints"].append(listed)
    return rule


def _variant(variant: dict[str, Any]) -> dict[str, Any]:
    payload = variant["payload"]
    value = json.loads(payload["value"]) if payload["type"] == "number" else payload["value"]
    kept = {key: variant[key] for key in ("name", "weight", "stickiness", "overrides")
            if key in variant}  # fmt: skip
    return {**kept, "value": value}


def _rule_list(constraints: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in each.items() if value is not None} for each in constraints
    ]


def _state(document: dict[str, Any], one: str, many: str) -> list[dict[str, Any]]:
    state = document["state"]
    found = {each.get("name") or each["id"]: each for each in state.get(many) or ()}
    for event in state.get("events") or ():
        found |= {each.get("name") or each["id"]: each for each in event.get(many) or ()}
        if event["type"] == f"{one}-updated":
            found[event[one]["name"]] = event[one]
        elif event["type"] == f"{one}-removed":
            del found[event[f"{one}Name"]]
    return list(found.values())


def _foreign(document: dict[str, Any]) -> set[str]:
    return {
        feature["name"]
        for feature in _state(document, "feature", "features")
        for strategy in feature.get("strategies") or ()
        for constraint in strategy.get("constraints") or ()
        if constraint["operator"] in FOREIGN
    }


def _case(file: str, test: dict[str, Any]) -> Case:
    wanted, given = test["expectedResult"], dict(test["context"])
    context = {**given.pop("properties", {}), **{k: given[k] for k in PLAIN if k in given}}
    asked = (file, test["description"], key_of(file, test["toggleName"]), context)
    if isinstance(wanted, bool):
        return Case(*asked, wanted, None, None)
    payload = wanted.get("payload")
    value = payload and (
        json.loads(payload["value"]) if payload["type"] == "number" else payload["value"]
    )
    return Case(*asked, wanted["feature_enabled"], wanted["name"], value)


def questions() -> Iterator[tuple[Case, dict[str, Any]]]:
    """Each case with the context of OpenFeature, which calls the user the targeting key."""
    for case in cases():
        user = {"targetingKey": case.context["userId"]} if "userId" in case.context else {}
        yield case, {**case.context, **user}
