"""Creates accounts, through the sign-in service as every other client does."""

from __future__ import annotations

from typing import Any

from cli.refusal import Refusal
from cli.stack.state import Endpoints

TAKEN = "email_exists"


def create_account(
    endpoints: Endpoints, email: str, *, name: str | None = None, password: str | None = None
) -> dict[str, Any] | None:
    """Create a user whose address counts as confirmed; return none when the address is taken.

    Raises:
        Refusal: the sign-in service refused the address or the password, in its own words.
    """
    import httpx

    response = httpx.post(
        f"{endpoints.auth_url}/admin/users",
        headers={
            "apikey": endpoints.service_role_key,
            "Authorization": f"Bearer {endpoints.service_role_key}",
        },
        json={
            "email": email,
            "email_confirm": True,
            **({"password": password} if password is not None else {}),
            **({"user_metadata": {"name": name}} if name is not None else {}),
        },
        timeout=30,
    )
    answer: dict[str, Any] = response.json()
    if response.is_success:
        return answer
    if answer.get("error_code") == TAKEN:
        return None
    raise Refusal(
        f"The sign-in service refused {email}: {answer.get('msg') or response.text}.",
        "Correct that and repeat.",
    )
