"""`frontdesk auth serve` for tests: a service of its own beside the stack's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from cli.stack.ports import free_port
from tests.harness.programs import Program, running
from tests.harness.stack import LAUNCHER

if TYPE_CHECKING:
    from tests.auth.conftest import Door


# What a developer would want beside Supabase Auth's defaults.
DEFAULTS = {
    "GOTRUE_MAILER_AUTOCONFIRM": "true",
    "GOTRUE_SMS_AUTOCONFIRM": "true",
    "GOTRUE_SMS_PROVIDER": "workers",
    "GOTRUE_EXTERNAL_PHONE_ENABLED": "true",
    "GOTRUE_SECURITY_MANUAL_LINKING_ENABLED": "true",
}


# What is off by default: passkeys, the other factors, and signing in elsewhere.
EVERYTHING = {
    "GOTRUE_PASSKEY_ENABLED": "true",
    "GOTRUE_MFA_PHONE_ENROLL_ENABLED": "true",
    "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "true",
    "GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED": "true",
    "GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED": "true",
    "GOTRUE_WEBAUTHN_RP_ID": "127.0.0.1",
    "GOTRUE_WEBAUTHN_RP_ORIGINS": "http://127.0.0.1:3000",
    "GOTRUE_OAUTH_SERVER_ENABLED": "true",
    "GOTRUE_OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION": "true",
}


@contextmanager
def serving(door: Door, **environment: str) -> Iterator[Door]:
    """A service with these variables on the stack's database, stopped at the end."""
    from tests.auth.conftest import Door

    port = free_port()
    url = f"http://localhost:{port}"
    own = {"FRONTDESK_STATE": str(door.stack.state.path), **DEFAULTS}

    def answers(_program: Program) -> bool:
        try:
            return httpx.get(f"{url}/health").status_code == 200
        except httpx.HTTPError:
            return False

    arguments = [LAUNCHER, "auth", "serve", "--port", str(port)]
    with running(arguments, ready=answers, env={**own, **environment}) as program:
        yield Door(door.stack, url)
        program.terminate()
