"""The API as TypeScript types, in the shape of Supabase's own `gen types`, for supabase-js.

The views that clients write are its tables; those that they only read are its views.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cli.schema.connection import connect

Document = dict[str, Any]
QUERY = Path(__file__).with_name("api.sql")
HELPERS = Path(__file__).with_name("typescript_helpers.ts")

HEAD = """\
// Written by `frontdesk gen types`. Times are ISO 8601 text; money is whole minor units.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  // The version of PostgREST, whose features supabase-js knows.
  __InternalSupabase: { PostgrestVersion: "12" }
"""
# By PostgreSQL's name of the type; what is not here travels as text. The domains are those of the
# arguments of RPCs.
NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric", "oid", "whole_number"}
BOOLEANS = {"bool", "yes_no"}
JSON = {"json", "jsonb", "list", "object", "place"}
NOTHING = "      [_ in never]: never"
# What a comment says of the columns of a table function or of a composite type.
NULLABLE = re.compile(r"May be null: ([\w, ]+)\.")


def database_type(dsn: str, schemas: list[str]) -> str:
    """The types of these schemas: `Database`, its helpers, and the values of its enums."""
    with connect(dsn) as connection:
        rows = connection.execute(QUERY.read_bytes(), [schemas]).fetchall()
    sections = [Section(name, views, functions) for name, views, functions in rows]
    types = "\n".join(["\n".join(section.lines()) for section in sections])
    return f"{HEAD}{types}\n}}\n{HELPERS.read_text('utf-8')}{_constants(sections)}"


class Section:
    """One schema. Its enums and composite types are those that its views and functions show."""

    def __init__(self, name: str, views: list[Document], functions: list[Document]) -> None:
        self._name = name
        self._kinds = {view["name"]: "Tables" if _is_written(view) else "Views" for view in views}
        self.enums: dict[str, list[str]] = {}
        self._composites: dict[str, str] = {}
        self._tables = [self._view(view) for view in views if _is_written(view)]
        self._views = [self._view(view) for view in views if not _is_written(view)]
        self._functions = [self._function(function) for function in functions]

    @property
    def name(self) -> str:
        """The schema's name."""
        return self._name

    def lines(self) -> list[str]:
        """Its member of `Database`."""
        enums = [
            f"      {name}: {' | '.join(map(json.dumps, labels))}"
            for name, labels in sorted(self.enums.items())
        ]
        composites = [f"      {name}: {text}" for name, text in sorted(self._composites.items())]
        return [
            f"  {self._name}: {{",
            *_block("Tables", self._tables),
            *_block("Views", self._views),
            *_block("Functions", self._functions),
            *_block("Enums", enums),
            *_block("CompositeTypes", composites),
            "  }",
        ]

    def _view(self, view: Document) -> str:
        columns: list[Document] = view["columns"]
        row = [f"{column['name']}: {self._column(column)}" for column in columns]
        parts = [_object("Row", row)]
        if _is_written(view):
            parts += [
                self._written("Insert", [column for column in columns if column["can_insert"]]),
                self._written("Update", [column for column in columns if column["can_update"]]),
            ]
        references = [_relationship(reference) for reference in view["relationships"]]
        parts += ["        Relationships: [", *references, "        ]"]
        return "\n".join([f"      {view['name']}: {{", *parts, "      }"])

    def _written(self, title: str, columns: list[Document]) -> str:
        if not columns:
            return f"        {title}: never"
        members = [
            f"{column['name']}{'?' if title == 'Update' or column['has_default'] else ''}:"
            f" {self._column(column)}"
            for column in columns
        ]
        return _object(title, members)

    def _column(self, column: Document) -> str:
        return self._type(column["type"]) + ("" if column["is_required"] else " | null")

    def _function(self, function: Document) -> str:
        taken = [
            f"{argument['name']}{'?' if argument['is_optional'] else ''}:"
            f" {self._type(argument['type'])}"
            for argument in function["arguments"]
            if argument["mode"] == "i"
        ]
        arguments = f"{{ {'; '.join(taken)} }}" if taken else "never"
        members = [
            f"          Args: {arguments}",
            f"          Returns: {self._answer(function)}",
            *self._rows_of(function),
        ]
        return "\n".join([f"      {function['name']}: {{", *members, "      }"])

    def _answer(self, function: Document) -> str:
        many = "[]" if function["returns_set"] else ""
        answer: Document = function["returns"]
        if answer["name"] == "void":
            return "undefined"
        if answer["schema"] == self._name and (kind := self._kinds.get(answer["name"])):
            return f'Database["{self._name}"]["{kind}"]["{answer["name"]}"]["Row"]{many}'
        if given := [a for a in function["arguments"] if a["mode"] in "to"]:
            return f"{self._members(given, function['comment'])}{many}"
        return self._type(answer) + many

    def _rows_of(self, function: Document) -> list[str]:
        """What lets supabase-js embed other views in the answer."""
        answer: Document = function["returns"]
        if answer["schema"] != self._name or answer["name"] not in self._kinds:
            return []
        is_set = json.dumps(function["returns_set"])
        is_one = json.dumps(not function["returns_set"])
        return [
            f'          SetofOptions: {{ from: "*"; to: "{answer["name"]}";'
            f" isOneToOne: {is_one}; isSetofReturn: {is_set} }}"
        ]

    def _members(self, parts: list[Document], comment: str | None) -> str:
        said = NULLABLE.search(comment or "")
        nullable = set(re.findall(r"\w+", said.group(1))) if said else set()
        members = (
            f"{part['name']}: {self._type(part['type'])}"
            f"{' | null' if part['name'] in nullable else ''}"
            for part in parts
        )
        return f"{{ {'; '.join(members)} }}"

    def _type(self, described: Document) -> str:
        name, many = described["name"], "[]" if described["is_array"] else ""
        if labels := described["labels"]:
            self.enums[name] = labels
            return f'Database["{self._name}"]["Enums"]["{name}"]{many}'
        if parts := described["parts"]:
            self._composites[name] = self._members(parts, described["comment"])
            return f'Database["{self._name}"]["CompositeTypes"]["{name}"]{many}'
        if name in NUMBERS:
            return "number" + many
        if name in BOOLEANS:
            return "boolean" + many
        return ("Json" if name in JSON else "string") + many


def _is_written(view: Document) -> bool:
    return any(column["can_insert"] or column["can_update"] for column in view["columns"])


def _block(title: str, members: list[str]) -> list[str]:
    return [f"    {title}: {{", *(members or [NOTHING]), "    }"]


def _object(title: str, members: list[str]) -> str:
    body = [f"          {member}" for member in members]
    return "\n".join([f"        {title}: {{", *body, "        }"])


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


def _constants(sections: list[Section]) -> str:
    """The values of every enum as arrays, for forms and checks at run time."""
    lines = ["", "export const Constants = {"]
    for section in sections:
        lines += [f"  {section.name}: {{", "    Enums: {"]
        lines += [
            f"      {name}: {json.dumps(labels)}," for name, labels in sorted(section.enums.items())
        ]
        lines += ["    },", "  },"]
    return "\n".join([*lines, "} as const", ""])
