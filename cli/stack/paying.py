"""Tells the edge and the worker which payment providers there are, and runs the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.stack.account import server_account
from cli.stack.plan import Plan
from cli.stack.ports import HOST
from cli.stack.secrets import role_password

SANDBOX = "/functions/v1/sandbox"
WEBHOOK = "/functions/v1/webhooks/sandbox"


def environment(plan: Plan) -> Mapping[str, str]:
    """Return the variable of the edge and the worker: the providers and their secrets."""
    payments = plan.config.frontdesk.payments
    chosen: dict[str, Any] = {
        name: provider.model_dump(exclude={"enabled"})
        for name, provider in payments.enabled.items()
    }
    if payments.cash:
        chosen["cash"] = {}
    if payments.has_sandbox:
        key, webhook_secret = _sandbox_secrets(plan)
        url = f"{_edge_url(plan)}{SANDBOX}"
        chosen["sandbox"] = {"key": key, "webhook_secret": webhook_secret, "url": url}
    return {"FRONTDESK_PAYMENTS": json.dumps(chosen)}


def sandbox_environment(plan: Plan) -> Mapping[str, str]:
    """Return the edge's variable: the sandbox, unless there is none."""
    payments = plan.config.frontdesk.payments
    if not payments.has_sandbox:
        return {}
    key, webhook_secret = _sandbox_secrets(plan)
    sandbox = {
        "folder": str(server_account().folder(plan.state.sandbox)),
        "key": key,
        "webhook_secret": webhook_secret,
        "url": f"{plan.api_url}{SANDBOX}",
        "webhook_url": f"{_edge_url(plan)}{WEBHOOK}",
        "delay_seconds": payments.sandbox_delay_seconds,
        "slow_seconds": payments.sandbox_slow_seconds,
    }
    return {"FRONTDESK_SANDBOX": json.dumps(sandbox)}


def _sandbox_secrets(plan: Plan) -> tuple[str, str]:
    """Return its key and the secret of its webhooks, which stay the same as long as the state."""
    names = ("sandbox", "sandbox webhooks")
    key, webhook_secret = (role_password(plan.admin_password, name) for name in names)
    return key, webhook_secret


def _edge_url(plan: Plan) -> str:
    return f"http://{HOST}:{plan.inner_ports['edge']}"
