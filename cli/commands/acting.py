"""In whose name an admin changes something: the system's, or a user's."""

from __future__ import annotations

import json

from cli.commands.users.finding import find
from cli.stack.state import Endpoints


def claims_of(endpoints: Endpoints, email: str | None) -> str:
    """Return the claims that name the actor; without a user it is the system.

    Raises:
        Refusal: there is no such user.
    """
    if email is None:
        return "{}"
    return json.dumps({"sub": str(find(endpoints, email)["id"]), "role": "authenticated"})
