"""The page /docs: PostgREST's description of the API, readable without the internet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from workers.edge import html
from workers.edge.answers import unavailable
from workers.edge.state import State

PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("reference.html")


async def docs(request: Request) -> Response:
    """Answer the reference of every exposed schema."""
    state = State.of(request)
    sections = []
    try:
        for schema in state.settings.schemas:
            answer = await state.rest.get("/", headers={"Accept-Profile": schema}, timeout=10)
            if answer.status_code == 200:
                sections.append(section(schema, answer.json()))
    except (httpx.HTTPError, ValueError):
        sections = []
    if not sections:
        return unavailable()
    page = PAGE.render(api_url=state.settings.api_url, sections=sections)
    return HTMLResponse(page, headers=html.HEADERS)


def section(schema: str, openapi: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of one schema's OpenAPI 2 document."""
    definitions = openapi.get("definitions", {})
    paths = openapi.get("paths", {})
    views = [
        {
            "name": name,
            "comment": definition.get("description", ""),
            "columns": _columns(definition),
            "methods": [m.upper() for m in ("get", "post", "patch", "delete") if m in path],
        }
        for name, definition in sorted(definitions.items())
        if (path := paths.get(f"/{name}"))
    ]
    functions = [
        _function(path.removeprefix("/rpc/"), operations["post"])
        for path, operations in sorted(paths.items())
        if path.startswith("/rpc/") and "post" in operations
    ]
    return {"schema": schema, "views": views, "functions": functions}


def _function(name: str, operation: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = next(
        (p for p in operation.get("parameters", []) if p.get("in") == "body"), {}
    )
    comment = "\n".join(filter(None, (operation.get("summary"), operation.get("description"))))
    return {"name": name, "comment": comment, "columns": _columns(body.get("schema", {}))}


def _columns(definition: dict[str, Any]) -> list[dict[str, Any]]:
    required = definition.get("required", [])
    return [
        {
            "name": name,
            "type": column.get("format", column.get("type", "")),
            "required": name in required,
            "comment": column.get("description", ""),
        }
        for name, column in definition.get("properties", {}).items()
    ]
