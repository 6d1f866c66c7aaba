"""FRONTDESK_DB_URL: a database of one's own instead of the embedded one."""

from __future__ import annotations

from pathlib import Path

import psutil
import psycopg

from cli.stack.ports import free_port
from cli.stack.postgres import Cluster
from tests.harness.stack import RunningStack


def test_two_stacks_on_a_database_of_ones_own(folder: Path) -> None:
    cluster = Cluster(folder / "own", free_port(), "its password")
    cluster.init()
    cluster.start()
    try:
        env = {"FRONTDESK_DB_URL": cluster.dsn()}
        one = RunningStack.start(folder / "one", env=env)
        assert "postgres" not in one.endpoints.services
        assert one.endpoints.db_url == cluster.dsn()
        # The second finds the platform and leaves its logins as they are.
        two = RunningStack.start(folder / "two", env=env)
        for running in (one, two):
            assert running.client().get("/rest/v1/currencies?limit=1").status_code == 200
            assert running.client().get("/health/ready").status_code == 200

        two.cli("down")
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("alter role authenticator password 'of somebody else'")
        refused = two.cli("up", "--detach", "--port", two.port, env=env)
        assert refused.returncode == 1
        assert "FRONTDESK_AUTHENTICATOR_PASSWORD" in refused.stderr
        secret = {"FRONTDESK_AUTHENTICATOR_PASSWORD": "of somebody else"}
        accepted = two.cli("up", "--detach", "--port", two.port, env={**env, **secret})
        assert accepted.returncode == 0, accepted.stderr

        arguments = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
        in_sight = " ".join(part for parts in arguments for part in parts)
        assert "its%20password" not in in_sight, "every user of the machine can read arguments"

        for running in (one, two):
            running.cli("down")
        # A state remembers its database and its port; another database is refused.
        again = one.cli("up", "--detach", env=secret)
        assert again.returncode == 0, again.stderr
        assert one.endpoints.db_url == cluster.dsn()
        assert one.endpoints.api_url == f"http://127.0.0.1:{one.port}"
        assert "postgres" not in one.endpoints.services
        one.cli("down")
        other = one.cli("up", "--detach", "--db-url", cluster.dsn("other"))
        assert other.returncode == 1
        assert "belongs to the database postgres at" in other.stderr
        assert cluster.answers(), "down stops what up started, and only that"
    finally:
        cluster.stop()
        cluster.remove()
