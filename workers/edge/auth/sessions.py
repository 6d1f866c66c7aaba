"""Signing out, and the caller's sessions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import cookies
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import identifier
from workers.edge.auth.service import Service

SCOPES = ("global", "local", "others")


async def sign_out(request: Request) -> Response:
    """End this session (local), the others, or all of them (global)."""
    service = Service.of(request)
    scope = request.query_params.get("scope") or "global"
    if scope not in SCOPES:
        raise invalid(f'Unsupported logout scope "{scope}"')
    await service.database.call("sign_out", caller=service.user(request), scope=scope)
    response = Response(status_code=204)
    if scope != "others" and cookies.is_wanted(service.settings, request):
        cookies.take_back(service.settings, response)
    return response


async def list_sessions(request: Request) -> Response:
    """Answer the caller's sessions."""
    service = Service.of(request)
    return JSONResponse(await service.database.call("list_sessions", caller=service.user(request)))


async def revoke_session(request: Request) -> Response:
    """End one of the caller's sessions."""
    service = Service.of(request)
    caller = service.user(request)
    session_id = identifier(
        request.path_params["session_id"],
        AuthError(404, "session_not_found", "There is no such session."),
    )
    await service.database.call("revoke_session", caller=caller, session_id=session_id)
    return Response(status_code=204)
