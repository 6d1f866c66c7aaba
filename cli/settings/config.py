"""The tables of the configuration: Supabase's keys that this stack reads, and `[frontdesk.*]`.

Every key of Supabase's config.toml is accepted, so that one file serves both; the sections that
this stack does not read are passed over. An unknown key is refused by name.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from cli.settings.auth import Auth, NotRead, Section
from cli.settings.file import read
from cli.settings.payments import Payments
from cli.settings.storage import S3, Storage

Port = Annotated[int, Field(ge=1, le=65535)]


def _network(text: str) -> str:
    """Refuse what is no network address, since it becomes part of the gateway's configuration."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("it must be an address or a network such as 10.0.0.0/8") from None


def _origin(text: str) -> str:
    """Refuse what is no origin, since it becomes part of the gateway's configuration."""
    if not re.fullmatch(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?", text):
        raise ValueError("it must be an origin such as https://shop.example, or *")
    return text


Network = Annotated[str, AfterValidator(_network)]
Origin = Annotated[str, AfterValidator(_origin)]


class Tls(Section):
    enabled: bool = False
    cert_path: str | None = None
    key_path: str | None = None


class Api(Section):
    enabled: bool = True
    port: Annotated[int, Field(ge=1024, le=65535)] = 54321
    schemas: Annotated[list[str], Field(min_length=1)] = ["public", "analytics"]
    extra_search_path: list[str] = ["public", "extensions"]
    max_rows: Annotated[int, Field(gt=0)] = 1000
    auto_expose_new_tables: bool | None = None
    external_url: str | None = None
    kong_image: str | None = None
    tls: Tls = Tls()


class Migrations(Section):
    enabled: bool = True
    schema_paths: list[str] = []


class Seed(Section):
    enabled: bool = True
    sql_paths: list[str] = ["./seed.sql"]


class Db(Section):
    port: Port = 54322
    shadow_port: Port = 54320
    health_timeout: str = "2m"
    major_version: Annotated[int, Field(ge=15, le=17)] = 17
    orioledb_version: str = ""
    root_key: str | None = None
    migrations: Migrations = Migrations()
    seed: Seed = Seed()
    settings: dict[str, str | int | float | bool] = {}
    pooler: NotRead = {}
    vault: NotRead = {}
    network_restrictions: NotRead = {}
    ssl_enforcement: NotRead = {}


class Gateway(Section):
    max_body_mib: Annotated[int, Field(gt=0, le=1024)] = 10
    max_requests_per_second: Annotated[int, Field(gt=0, le=10_000)] = 100
    max_concurrent_requests: Annotated[int, Field(gt=0, le=10_000)] = 16
    caller_requests_per_second: Annotated[int, Field(gt=0, le=10_000)] = 200
    caller_concurrent_requests: Annotated[int, Field(gt=0, le=10_000)] = 32
    max_sockets: Annotated[int, Field(gt=0, le=100_000)] = 500
    max_nesting: Annotated[int, Field(ge=1, le=10)] = 6
    max_filter_terms: Annotated[int, Field(gt=0, le=500)] = 500
    unlimited_clients: list[Network] = ["127.0.0.1"]
    trusted_proxies: list[Network] = []
    allowed_origins: Annotated[list[Origin], Field(min_length=1)] = ["*"]


class Rest(Section):
    db_pool: Annotated[int, Field(gt=0, le=1000)] = 20
    db_pool_for_reads: Annotated[int, Field(gt=0, le=1000)] = 10
    pooler: Annotated[str, Field(pattern=r"^([A-Za-z0-9.-]+:[0-9]{1,5})?$")] = ""
    jwt_cache_max_lifetime: Annotated[int, Field(ge=0)] = 3600
    jwt_cache_max_entries: Annotated[int, Field(ge=0)] = 1000


class Scheduler(Section):
    every_seconds: Annotated[float, Field(gt=0, le=60)] = 1


class Workers(Section):
    threads: Annotated[int, Field(ge=1, le=64)] = 16
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 60
    mail_address: str = "frontdesk@localhost"


class Calendars(Section):
    private_hosts: list[str] = []


class Search(Section):
    model: str = ""


class Media(Section):
    clamav_address: str = ""


class Mail(Section):
    sendgrid_api_key: str = ""
    sendgrid_webhook_key: str = ""


class Sms(Section):
    fast2sms_api_key: str = ""


class Webhooks(Section):
    private_hosts: list[str] = []
    public_url: str = ""


class Push(Section):
    fcm_service_account: str = ""


class Realtime(Section):
    enabled: bool = True
    ip_version: str = "IPv4"
    max_header_length: int = 4096


class RealtimeLimits(Section):
    max_connections: Annotated[int, Field(gt=0, le=100_000)] = 10_000
    max_channels_per_connection: Annotated[int, Field(gt=0, le=10_000)] = 100
    max_joins_per_second: Annotated[int, Field(gt=0, le=100_000)] = 100
    max_messages_per_second: Annotated[int, Field(gt=0, le=100_000)] = 100
    max_presence_calls: Annotated[int, Field(gt=0, le=100_000)] = 5
    max_payload_kib: Annotated[int, Field(gt=0, le=10_000)] = 3000
    max_unsent_kib: Annotated[int, Field(gt=0, le=1_000_000)] = 8192
    max_silence_seconds: Annotated[float, Field(ge=1, le=3600)] = 60
    recheck_seconds: Annotated[float, Field(ge=1, le=3600)] = 300


class Blobs(Section):
    s3: S3 = S3()


class Frontdesk(Section):
    gateway: Gateway = Gateway()
    rest: Rest = Rest()
    mail: Mail = Mail()
    sms: Sms = Sms()
    push: Push = Push()
    webhooks: Webhooks = Webhooks()
    scheduler: Scheduler = Scheduler()
    workers: Workers = Workers()
    calendars: Calendars = Calendars()
    media: Media = Media()
    search: Search = Search()
    storage: Blobs = Blobs()
    realtime: RealtimeLimits = RealtimeLimits()
    payments: Payments = Payments()


class Config(Section):
    """The whole file. `api.schemas` is the one list of exposed schemas."""

    project_id: str = "frontdesk"
    api: Api = Api()
    db: Db = Db()
    auth: Auth = Auth()
    storage: Storage = Storage()
    realtime: Realtime = Realtime()
    frontdesk: Frontdesk = Frontdesk()
    studio: NotRead = {}
    inbucket: NotRead = {}
    local_smtp: NotRead = {}
    edge_runtime: NotRead = {}
    functions: NotRead = {}
    analytics: NotRead = {}
    experimental: NotRead = {}
    remotes: NotRead = {}


def load(path: Path) -> Config:
    """Return the configuration at `path`, with `env(NAME)` and the FRONTDESK_* overrides applied.

    Raises:
        Refusal: when the file cannot be read, or a key in it is unknown or has a wrong value.
    """
    return read(path, Config)
