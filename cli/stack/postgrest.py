"""The settings of PostgREST. They go into its environment, so no file holds a secret.

PostgREST 12, 14 and 16 take them; each ignores a setting that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.conninfo import make_conninfo

from cli.settings import Config

# Without these, PostgREST logs each request and checks each signature again.
# Source: docs of PostgREST 12; together about a third of the throughput.
LOG_LEVEL = "error"


def environment(
    config: Config,
    *,
    db_url: str,
    jwks: str,
    api_url: str,
    issuer: str,
    port: int,
    admin_port: int,
    pool: int,
) -> Mapping[str, str]:
    """Return the environment of one PostgREST; `db_url` is that of the role authenticator."""
    pooler = config.frontdesk.rest.pooler
    return {
        "PGRST_DB_URI": _through(pooler, db_url) if pooler else db_url,
        "PGRST_DB_SCHEMAS": ",".join(config.api.schemas),
        "PGRST_DB_EXTRA_SEARCH_PATH": ",".join(config.api.extra_search_path),
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_MAX_ROWS": str(config.api.max_rows),
        "PGRST_DB_POOL": str(pool),
        "PGRST_DB_POOL_ACQUISITION_TIMEOUT": "10",
        # Behind a pooler the next transaction may run in another session, which has neither the
        # prepared statements of this one nor its LISTEN.
        "PGRST_DB_PREPARED_STATEMENTS": "false" if pooler else "true",
        "PGRST_DB_CHANNEL_ENABLED": "false" if pooler else "true",
        "PGRST_JWT_SECRET": jwks,
        # PostgREST 12 and 13 know the first of these two, later ones the second.
        "PGRST_JWT_CACHE_MAX_LIFETIME": str(config.frontdesk.rest.jwt_cache_max_lifetime),
        "PGRST_JWT_CACHE_MAX_ENTRIES": str(config.frontdesk.rest.jwt_cache_max_entries),
        # A plan shows what its reader may not see: the planner's statistics of every tenant.
        "PGRST_DB_PLAN_ENABLED": "false",
        # private.max_rows reads it, so that functions refuse a result that PostgREST would cut.
        "PGRST_APP_SETTINGS_MAX_ROWS": str(config.api.max_rows),
        # What auth.admit compares a user's token with.
        "PGRST_APP_SETTINGS_AUTH_ISSUER": issuer,
        "PGRST_LOG_LEVEL": LOG_LEVEL,
        # Everybody may read the whole API: the reference says who may call what.
        "PGRST_OPENAPI_MODE": "ignore-privileges",
        "PGRST_OPENAPI_SERVER_PROXY_URI": f"{api_url}/rest/v1",
        "PGRST_SERVER_HOST": "127.0.0.1",
        "PGRST_SERVER_PORT": str(port),
        "PGRST_ADMIN_SERVER_PORT": str(admin_port),
    }


def _through(pooler: str, db_url: str) -> str:
    """Return the address of the same database and role by way of a pooler."""
    host, _, port = pooler.rpartition(":")
    return make_conninfo(db_url, host=host, port=port)
