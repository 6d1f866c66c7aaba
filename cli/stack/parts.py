"""The parts of a running stack, in the order in which they start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from cli.stack import gateway, listening, mailing, paying, postgrest, programs, sign_in, storing
from cli.stack.account import Account, server_account
from cli.stack.plan import Plan
from cli.stack.ports import HOST, is_free
from cli.stack.process import Program


@dataclass(frozen=True)
class Part:
    """One program. `clear` removes the leftovers of a killed run before the next one."""

    name: str
    program: Program
    url: str
    is_ready: Callable[[], bool]
    clear: Callable[[], None] = lambda: None


def postgres_part(plan: Plan) -> Part | None:
    """Return the embedded database, or none when the user brings a database."""
    cluster = plan.cluster
    if cluster is None:
        return None
    return Part(
        "postgres",
        cluster.program(),
        f"postgresql://{HOST}:{cluster.port}/postgres",
        cluster.answers,
        clear=cluster.end_leftovers,
    )


def other_parts(plan: Plan) -> list[Part]:
    """Return the parts that run on the database.

    Raises:
        Refusal: when a program is missing.
    """
    pools = plan.config.frontdesk.rest
    parts = [
        _postgrest(plan, "rest", "postgrest", pools.db_pool),
        _postgrest(plan, "rest_reads", "postgrest-reads", pools.db_pool_for_reads),
        _edge(plan),
        _gateway(plan),
    ]
    if mailing.uses_mailbox(plan.config):
        parts.append(_mailbox(plan))
    return [*parts, _worker(plan), _scheduler(plan)] if plan.with_workers else parts


def _postgrest(plan: Plan, place: str, name: str, pool: int) -> Part:
    """Return a PostgREST with a pool of its own: one for everything that writes, one for reads."""
    port, admin_port = plan.inner_ports[place], plan.inner_ports[f"{place}_admin"]
    account = server_account()
    program = Program(
        argv=[account.program(programs.postgrest())],
        log=plan.state.logs / f"{name}.log",
        env=postgrest.environment(
            plan.config,
            db_url=plan.login("authenticator"),
            jwks=plan.keys.jwks,
            api_url=plan.api_url,
            issuer=sign_in.issuer(plan.config.auth, plan.auth_url),
            port=port,
            admin_port=admin_port,
            pool=pool,
        ),
        account=account,
    )
    return Part(name, program, f"http://{HOST}:{port}", _http(admin_port, "/ready"))


def _gateway(plan: Plan) -> Part:
    account = server_account()
    folder = account.folder(plan.state.gateway)
    nginx = account.program(programs.nginx())
    conf = gateway.write(
        folder,
        account,
        nginx=nginx,
        port=plan.port,
        rest_port=plan.inner_ports["rest"],
        rest_reads_port=plan.inner_ports["rest_reads"],
        edge_port=plan.inner_ports["edge"],
        limits=plan.config.frontdesk.gateway,
        opaque_keys=plan.keys.opaque,
        shared_tokens=plan.keys.shared,
        api_key_token=plan.keys.api_key_token,
        blobs=storing.gateway_lines(plan.config, plan.state),
    )
    program = Program(
        argv=[nginx, "-p", folder, "-e", "stderr", "-c", conf],
        log=plan.state.logs / "gateway.log",
        cwd=folder,
        account=account,
    )
    return Part("gateway", program, plan.api_url, _http(plan.port, "/health/live"))


def _edge(plan: Plan) -> Part:
    port = plan.inner_ports["edge"]
    env = {
        "FRONTDESK_EDGE_PORT": str(port),
        "FRONTDESK_EDGE_DB_URL": plan.login("edge"),
        "FRONTDESK_API_URL": plan.api_url,
        "FRONTDESK_SCHEMAS": ",".join(plan.config.api.schemas),
        "FRONTDESK_REST_URL": f"http://{HOST}:{plan.inner_ports['rest']}",
        "FRONTDESK_REST_ADMIN_URL": f"http://{HOST}:{plan.inner_ports['rest_admin']}",
        "FRONTDESK_METRICS_DIR": str(server_account().folder(plan.state.metrics)),
        "FRONTDESK_MEANING_MODEL": plan.config.frontdesk.search.model,
        **mailing.webhook_environment(plan.config),
        **paying.environment(plan),
        **paying.sandbox_environment(plan),
        **storing.edge_environment(plan.config, plan.state, db_url=plan.login("storage")),
        **listening.environment(plan.config, plan.keys, db_url=plan.login("realtime")),
        **sign_in.environment(plan.config.auth, plan.keys, auth_url=plan.auth_url),
    }
    program = _python(plan, "edge", "workers.edge", env)
    return Part("edge", program, f"http://{HOST}:{port}", _http(port, "/health/live"))


def _worker(plan: Plan) -> Part:
    settings = plan.config.frontdesk.workers
    env = {
        "FRONTDESK_WORKER_DB_URL": plan.login("worker"),
        "FRONTDESK_WORKER_THREADS": str(settings.threads),
        "FRONTDESK_WORKER_LEASE_SECONDS": str(settings.lease_seconds),
        "FRONTDESK_MAIL_ADDRESS": settings.mail_address,
        "FRONTDESK_CALENDAR_PRIVATE_HOSTS": " ".join(plan.config.frontdesk.calendars.private_hosts),
        "FRONTDESK_WEBHOOK_PRIVATE_HOSTS": " ".join(plan.config.frontdesk.webhooks.private_hosts),
        "FRONTDESK_API_URL": plan.api_url,
        "FRONTDESK_STORAGE_KEY": plan.keys.service_role_key,
        "FRONTDESK_MEANING_MODEL": plan.config.frontdesk.search.model,
        "FRONTDESK_CLAMAV_ADDRESS": plan.config.frontdesk.media.clamav_address,
        "FRONTDESK_SECRET_KEYS_FILE": f"{server_account().folder(plan.state.keys)}/secrets.pem",
        "FRONTDESK_METRICS_DIR": str(server_account().folder(plan.state.metrics)),
        **mailing.environment(plan.config, _mailbox_url(plan)),
        **paying.environment(plan),
        **storing.environment(plan.config, plan.state),
    }
    return Part("worker", _python(plan, "worker", "workers", env), "", lambda: True)


def _scheduler(plan: Plan) -> Part:
    env = {
        "FRONTDESK_WORKER_DB_URL": plan.login("worker"),
        "FRONTDESK_SCHEDULER_SECONDS": str(plan.config.frontdesk.scheduler.every_seconds),
    }
    return Part("scheduler", _python(plan, "scheduler", "workers.scheduler", env), "", lambda: True)


def _mailbox(plan: Plan) -> Part:
    port = plan.inner_ports["mailbox"]
    env = {
        "FRONTDESK_MAILBOX_PORT": str(port),
        "FRONTDESK_MAILBOX_DIR": str(server_account().folder(plan.state.mail)),
    }
    program = _python(plan, "mailbox", "workers.mailbox", env)
    return Part("mailbox", program, _mailbox_url(plan), lambda: not is_free(port))


def _mailbox_url(plan: Plan) -> str:
    return f"smtp+plain://{HOST}:{plan.inner_ports['mailbox']}"


def _python(plan: Plan, name: str, module: str, env: Mapping[str, str]) -> Program:
    """Return one of our processes, run by the servers' user if that user can run our Python."""
    account = server_account()
    if not account.can(sys.executable, "-P", "-c", "import workers"):
        account = Account()
    return Program(
        argv=[sys.executable, "-P", "-B", "-m", module],
        log=plan.state.logs / f"{name}.log",
        env={**env, "PYTHONUNBUFFERED": "1"},
        account=account,
    )


def _http(port: int, path: str) -> Callable[[], bool]:
    """Return a test whether a GET answers 200.

    An httpx client reads the certificates of every authority first: 25 ms at each try.
    """

    def is_ready() -> bool:
        connection = HTTPConnection(HOST, port, timeout=1)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return is_ready
