"""The settings of the edge, which the supervisor passes in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workers.edge.auth.settings import Settings as AuthSettings
from workers.edge.functions.webhooks.keys import Keys
from workers.edge.realtime.settings import Settings as RealtimeSettings
from workers.edge.storage.settings import Settings as StorageSettings
from workers.environment import required
from workers.providers.payments.from_settings import Settings as PaymentSettings
from workers.sandbox.settings import Settings as SandboxSettings


@dataclass(frozen=True)
class Settings:
    """`db_url` logs in as the role edge; `api_url` is the address that clients use."""

    port: int
    db_url: str
    api_url: str
    rest_url: str
    # None where PostgREST's admin server is out of reach, as on hosted Supabase.
    rest_admin_url: str | None
    schemas: tuple[str, ...]
    # Where the workers write their counts; None when they write none.
    metrics_dir: Path | None
    webhook_keys: Keys
    auth: AuthSettings
    # None where Supabase has its own Storage.
    storage: StorageSettings | None
    # None where it is off, and where Supabase has its own Realtime.
    realtime: RealtimeSettings | None
    payments: PaymentSettings
    # The folder of the model that knows what queries mean; None to search by words alone.
    meaning_model: str | None
    # None where real money moves.
    sandbox: SandboxSettings | None

    @classmethod
    def of_environment(cls) -> Settings:
        """Read the environment.

        Raises:
            SystemExit: when a variable is not set that has no default.
        """
        metrics_dir = os.environ.get("FRONTDESK_METRICS_DIR")
        api_url = required(os.environ, "FRONTDESK_API_URL").rstrip("/")
        return cls(
            port=int(required(os.environ, "FRONTDESK_EDGE_PORT")),
            db_url=required(os.environ, "FRONTDESK_EDGE_DB_URL"),
            api_url=api_url,
            rest_url=required(os.environ, "FRONTDESK_REST_URL"),
            rest_admin_url=os.environ.get("FRONTDESK_REST_ADMIN_URL"),
            schemas=tuple(os.environ.get("FRONTDESK_SCHEMAS", "public,analytics").split(",")),
            metrics_dir=Path(metrics_dir) if metrics_dir else None,
            webhook_keys=Keys.of(os.environ.get("FRONTDESK_WEBHOOKS"), api_url),
            auth=AuthSettings.of(os.environ),
            storage=StorageSettings.of(os.environ),
            realtime=RealtimeSettings.of(os.environ),
            payments=PaymentSettings.of(os.environ),
            meaning_model=os.environ.get("FRONTDESK_MEANING_MODEL") or None,
            sandbox=SandboxSettings.of(os.environ),
        )
