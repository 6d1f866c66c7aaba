"""A cluster that has what a hosted Supabase project has, and nothing of ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

import psycopg

from cli.options import ROOT
from cli.schema.connection import run_file
from cli.schema.scratch import scratch_cluster
from cli.stack.postgres import Cluster

SUPABASE = ROOT / "node_modules" / ".bin" / "supabase"
PUSH = ("db", "push", "--include-roles", "--include-seed")
PASSWORD = "of this test"
# The files of the platform that make no more than Supabase has.
PLATFORM = (
    "10_roles",
    "20_auth",
    "30_storage",
    "50_realtime",
    "55_graphql",
    "60_rest",
    "90_defaults",
)
# The administrator of a project is no superuser. Supabase's extension supautils lets it do a few
# things all the same; here it gets the right or the membership.
ADMINISTRATOR = """
    create role postgres login createrole createdb bypassrls replication;
    alter database postgres owner to postgres;
"""
RIGHTS = """
    grant anon, authenticated, service_role, authenticator to postgres with admin option;
    grant supabase_storage_admin, supabase_realtime_admin to postgres;
    alter table realtime.messages owner to supabase_realtime_admin;
    grant usage on schema realtime to postgres;
    grant set on parameter "pgrst.db_pre_request" to postgres;
    grant all on schema auth, extensions to postgres with grant option;
    grant all on all tables in schema auth to postgres with grant option;
    grant all on all functions in schema auth, extensions to postgres;
    alter default privileges for role postgres in schema public
    grant all on tables to anon, authenticated, service_role;
    alter default privileges for role postgres in schema public
    grant all on functions to anon, authenticated, service_role;
"""


@dataclass(frozen=True)
class Hosted:
    """The project's database; `url` is the address with one of its logins."""

    cluster: Cluster

    def url(self, role: str = "postgres", password: str = PASSWORD) -> str:
        """The address with this login."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.cluster.port}/postgres".replace(
            " ", "%20"
        )

    def execute(self, statements: str, *, role: str = "postgres") -> None:
        """Run statements as this login, as the SQL editor does."""
        with psycopg.connect(self.url(role), autocommit=True) as connection:
            connection.execute(statements.encode())

    def push(self) -> subprocess.CompletedProcess[str]:
        """Run the command of docs/deploying.md, whose --remote is this database."""
        return subprocess.run(
            [SUPABASE, *PUSH, f"--remote={self.url()}", "--yes"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def enable_queues(self) -> None:
        """Install pgmq, which the administrator owns there too."""
        with (
            resources.as_file(resources.files("pgmq") / "sql" / "pgmq.sql") as path,
            psycopg.connect(self.url(), autocommit=True) as connection,
        ):
            run_file(connection, path)


@contextmanager
def hosted() -> Iterator[Hosted]:
    """Such a project, without Queues; gone at the end."""
    with scratch_cluster() as cluster:
        project = Hosted(cluster)
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("create role renaming superuser login")
            connection.execute(f"alter role renaming password '{PASSWORD}'")
        project.execute("alter role postgres rename to supabase_admin", role="renaming")
        project.execute(f"alter role supabase_admin password '{PASSWORD}'", role="renaming")
        with psycopg.connect(project.url("supabase_admin"), autocommit=True) as connection:
            connection.execute("drop role renaming")
            connection.execute(ADMINISTRATOR)
            for name in PLATFORM:
                run_file(connection, ROOT / "supabase" / "platform" / f"{name}.sql")
            connection.execute(RIGHTS)
            for role in ("postgres", "authenticator"):
                connection.execute(f"alter role {role} password '{PASSWORD}'")
        yield project
