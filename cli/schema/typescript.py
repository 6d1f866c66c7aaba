"""The API as a TypeScript type, in the shape that supabase-js takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.schema.connection import connect

Document = dict[str, Any]
QUERY = Path(__file__).with_name("api.sql")

HEAD = """\
// Written by `frontdesk gen types`. Times are ISO 8601 text; money is whole minor units.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
"""
# By PostgreSQL's name of the type; what is not here travels as text. The domains are those of the
# arguments of RPCs.
NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric", "oid", "whole_number"}
BOOLEANS = {"bool", "yes_no"}
JSON = {"json", "jsonb", "list", "place"}
NOTHING = "      [_ in never]: never"


def database_type(dsn: str, schemas: list[str]) -> str:
    """The type `Database` of these schemas."""
    with connect(dsn) as connection:
        rows = connection.execute(QUERY.read_bytes(), [schemas]).fetchall()
    parts = [HEAD]
    for name, views, functions, enums in rows:
        parts += [
            f"  {name}: {{",
            *_section("Tables", []),
            *_section("Views", [_view(view) for view in views]),
            *_section("Functions", [_function(function, views, name) for function in functions]),
            *_section("Enums", [f"      {enum['name']}: {_type(enum)}" for enum in enums]),
            *_section("CompositeTypes", []),
            "  }",
        ]
    return "\n".join([*parts, "}", ""])


def _section(title: str, members: list[str]) -> list[str]:
    return [f"    {title}: {{", *(members or [NOTHING]), "    }"]


def _view(view: Document) -> str:
    columns: list[Document] = view["columns"]
    written = [column for column in columns if column["is_writable"]]
    parts = [_object("Row", [_column(column, always=True) for column in columns])]
    if view["can_insert"]:
        parts.append(_object("Insert", [_column(column) for column in written]))
    if view["can_update"]:
        parts.append(_object("Update", [_column(column, never=True) for column in written]))
    parts += ["        Relationships: [", *map(_relationship, view["relationships"]), "        ]"]
    return "\n".join([f"      {view['name']}: {{", *parts, "      }"])


def _object(title: str, members: list[str]) -> str:
    body = [f"          {member}" for member in members] or ["          [_ in never]: never"]
    return "\n".join([f"        {title}: {{", *body, "        }"])


def _column(column: Document, *, always: bool = False, never: bool = False) -> str:
    """A member of Row (`always` there), of Update (`never` needed) or of Insert."""
    optional = not always and (never or column["has_default"])
    null = "" if column["is_required"] else " | null"
    return f"{column['name']}{'?' if optional else ''}: {_type(column['type'])}{null}"


def _relationship(reference: Document) -> str:
    return "\n".join(
        [
            "          {",
            f"            foreignKeyName: {json.dumps(reference['name'])}",
            f"            columns: {json.dumps(reference['columns'])}",
            f"            isOneToOne: {json.dumps(reference['is_one_to_one'])}",
            f"            referencedRelation: {json.dumps(reference['referenced_view'])}",
            f"            referencedColumns: {json.dumps(reference['referenced_columns'])}",
            "          },",
        ]
    )


def _function(function: Document, views: list[Document], schema: str) -> str:
    taken = [argument for argument in function["arguments"] if argument["mode"] == "i"]
    members = "; ".join(
        f"{argument['name']}{'?' if argument['is_optional'] else ''}: {_type(argument['type'])}"
        for argument in taken
    )
    arguments = f"{{ {members} }}" if members else "never"
    answer = _answer(function, {view["name"] for view in views}, schema)
    return f"      {function['name']}: {{ Args: {arguments}; Returns: {answer} }}"


def _answer(function: Document, views: set[str], schema: str) -> str:
    many = "[]" if function["returns_set"] else ""
    answer: Document = function["returns"]
    if answer["name"] == "void":
        return "undefined"
    if answer["schema"] == schema and answer["name"] in views:
        return f'Database["{schema}"]["Views"]["{answer["name"]}"]["Row"]{many}'
    given = [argument for argument in function["arguments"] if argument["mode"] in "to"]
    if parts := given or function["members"]:
        return f"{{ {_members(parts)} }}{many}"
    return _type(answer) + many


def _members(parts: list[Document]) -> str:
    return "; ".join(f"{part['name']}: {_type(part['type'])} | null" for part in parts)


def _type(described: Document) -> str:
    many = "[]" if described.get("is_array") else ""
    if parts := described.get("parts"):
        return f"{{ {_members(parts)} }}{many}"
    if described.get("labels"):
        labels = " | ".join(json.dumps(label) for label in described["labels"])
        return f"({labels})[]" if many else labels
    name = described["name"]
    if name in NUMBERS:
        return "number" + many
    if name in BOOLEANS:
        return "boolean" + many
    if name in JSON:
        return "Json" + many
    return "string" + many
