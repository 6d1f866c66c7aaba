"""Which actions of a plan wait for the `post` part of a migration.

An object that is dropped and made again is replaced, in `pre`. A constraint that is replaced waits
for `post`, because it may be narrower than before.
"""

from __future__ import annotations

import re
from typing import Any

from cli.schema.pgdelta import Action, Plan

Identity = tuple[str, ...]
TIGHTENS = re.compile(
    r"ALTER TABLE \S+ ALTER COLUMN \S+ SET NOT NULL|CREATE POLICY .* AS RESTRICTIVE "
)
UNIQUE_INDEX = re.compile(r"CREATE UNIQUE INDEX \S+ ON (\S+) ")


def part_actions(plan: Plan) -> tuple[list[Action], list[Action]]:
    """The actions of `pre` and those of `post`, each in the order of the plan."""
    actions: list[Action] = plan["actions"]
    made = {identity for action in actions for identity in _identities(action["produces"])}
    pre, post = [], []
    for action in actions:
        shrinks = _shrinking(action, plan)
        if shrinks or _deletes(action, made) or _tightens(action, made):
            post.append(action)
        else:
            pre.append(action)
        if shrinks and action["sql"].startswith("GRANT"):
            pre.append(action)
    return _committed_first(pre), post


def _committed_first(actions: list[Action]) -> list[Action]:
    """The actions with those first that must be committed before others run: values of enums.

    So no view or policy is missing between two transactions while it is replaced.
    """
    first = [each for each in actions if each["transactionality"] == "commitBoundaryAfter"]
    rest = [{**each, "newSegmentBefore": False} for each in actions if each not in first]
    return [*first, *rest]


def _deletes(action: Action, made: set[Identity]) -> bool:
    """Whether it drops what no other action makes again, or deletes rows."""
    if action["dataLoss"] == "destructive":
        return True
    destroyed = _identities(action["destroys"])[:1]
    return bool(destroyed) and (destroyed[0] not in made or destroyed[0][0] == "constraint")


def _tightens(action: Action, made: set[Identity]) -> bool:
    """Whether it forbids what the old version of the programs may still do."""
    for made_here in action["produces"]:
        if made_here["kind"] == "constraint":
            return ("table", made_here["schema"], made_here["table"]) not in made
    if index := UNIQUE_INDEX.match(action["sql"]):
        return ("table", *index[1].replace('"', "").split(".")) not in made
    return bool(TIGHTENS.match(action["sql"]))


def _shrinking(action: Action, plan: Plan) -> bool:
    """Whether it sets the privileges of a role that loses some of them."""
    own = {_identity(each) for each in [*action["produces"], *action["consumes"]]}
    return any(
        delta["verb"] == "set"
        and delta["id"]["kind"] == "acl"
        and _identity(delta["id"]) in own
        and not set(delta["from"]) <= set(delta["to"])
        for delta in plan["deltas"]
    )


def _identities(objects: list[dict[str, Any]]) -> list[Identity]:
    return [_identity(each) for each in objects]


def _identity(described: dict[str, Any]) -> Identity:
    """The name of an object; a function's is without arguments, so that new ones replace it."""
    if described["kind"] == "acl":
        return ("acl", *_identity(described["target"]), described["grantee"])
    keys = ("kind", "schema", "table", "name")
    return tuple(str(described[key]) for key in keys if key in described)
