"""The views of analytics as sources of dbt: https://docs.getdbt.com/reference/source-properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

SQL = Path(__file__).with_name("dbt.sql")
# What identifies a row is never null: dbt tests these columns.
KEYS = ("business_id", "day", "month", "cohort", "month_number", "service_id", "resource_id")


def sources(dsn: str) -> str:
    """Return a properties file with a table for each view; JSON strings are YAML strings too."""
    with psycopg.connect(dsn) as connection:
        views: list[tuple[str, str, list[dict[str, Any]]]] = connection.execute(
            SQL.read_bytes()
        ).fetchall()
    lines = [
        "# Written by ./frontdesk gen dbt from the comments in the database.",
        "version: 2",
        "",
        "sources:",
        "  - name: frontdesk",
        "    schema: analytics",
        f"    description: {json.dumps('Figures of Frontdesk, without personal data.')}",
        "    tables:",
    ]
    for name, comment, columns in views:
        lines += [
            f"      - name: {name}",
            f"        description: {json.dumps(comment, ensure_ascii=False)}",
            "        columns:",
        ]
        for column in columns:
            lines += [
                f"          - name: {column['name']}",
                f"            description: {json.dumps(column['comment'], ensure_ascii=False)}",
                f"            data_type: {column['type']}",
            ]
            if column["name"] in KEYS and "null" not in column["comment"]:
                lines += ["            data_tests:", "              - not_null"]
    return "\n".join(lines) + "\n"
