"""Settles what will run, and refuses what cannot work before anything starts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.settings import Config
from cli.stack import database, ports, sizing
from cli.stack.keys import Keys, keys_of
from cli.stack.postgres import Cluster
from cli.stack.secrets import role_password
from cli.stack.state import Endpoints, State

INNER_PORTS = ("db", "rest", "rest_admin", "rest_reads", "rest_reads_admin", "edge", "mailbox")


@dataclass(frozen=True)
class Plan:
    """One start of one stack. `cluster` is none when the user brings a database."""

    state: State
    config: Config
    keys: Keys
    port: int
    inner_ports: dict[str, int]
    cluster: Cluster | None
    db_url: str
    admin_password: str
    with_workers: bool

    @property
    def api_url(self) -> str:
        """Return the gateway's address."""
        return f"http://{ports.HOST}:{self.port}"

    @property
    def auth_url(self) -> str:
        """Return the address of the sign-in service."""
        return f"{self.api_url}/auth/v1"

    def login(self, role: str) -> str:
        """Return how a process of ours connects: the administrator's address, another role."""
        password = role_password(self.admin_password, role)
        if role == "authenticator":
            password = os.environ.get("FRONTDESK_AUTHENTICATOR_PASSWORD") or password
        return make_conninfo(self.db_url, user=role, password=password)

    def endpoints(self) -> Endpoints:
        """Return what `status` shows; the services are added as they start."""
        return Endpoints(
            api_url=self.api_url,
            rest_url=f"{self.api_url}/rest/v1",
            auth_url=self.auth_url,
            functions_url=f"{self.api_url}/functions/v1",
            storage_url=f"{self.api_url}/storage/v1",
            db_url=self.db_url,
            anon_key=self.keys.anon_key,
            service_role_key=self.keys.service_role_key,
            jwt_secret=self.keys.jwt_secret,
            state_dir=str(self.state.path),
        )


def make(
    state: State,
    config: Config,
    *,
    config_folder: Path,
    port: int | None,
    db_url: str | None,
    with_workers: bool,
) -> Plan:
    """Settle keys, ports and the database.

    Raises:
        Refusal: for a taken port, a wrong key or a database that cannot be reached.
    """
    port = port or config.api.port
    ports.require_free(port)
    secrets = state.secrets()
    keys = keys_of(config.auth, secrets, config_folder / "supabase")
    inner = _inner_ports(state, port)
    cluster = None
    admin_password = secrets.database_password
    if db_url:
        database.require_reachable(db_url)
        admin_password = str(conninfo_to_dict(db_url).get("password") or admin_password)
    else:
        cluster = Cluster(
            state.database,
            inner["db"],
            admin_password,
            log=state.logs / "postgres.log",
            settings={**sizing.settings_for(sizing.this_machine()), **config.db.settings},
        )
    return Plan(
        state=state,
        config=config,
        keys=keys,
        port=port,
        inner_ports=inner,
        cluster=cluster,
        db_url=cluster.dsn() if cluster else str(db_url),
        admin_password=admin_password,
        with_workers=with_workers,
    )


def _inner_ports(state: State, port: int) -> dict[str, int]:
    """Return the ports of the last start where they are still free, so a `db_url` stays valid."""
    record = state.record()
    last = record.ports if record else {}
    chosen: dict[str, int] = {}
    for name in INNER_PORTS:
        chosen[name] = ports.free_port(last.get(name), taken=(port, *chosen.values()))
    return chosen
