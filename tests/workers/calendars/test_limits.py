"""What a stranger's calendar can do: fail, and say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness.database import Database
from tests.harness.simulators.calendars import CalendarServer, Drips
from tests.harness.simulators.tls import certificate
from tests.workers.calendars.salon import Salon, calendar, salon
from workers.calendars import fetching, reader
from workers.calendars.fetching import Fetcher, Version
from workers.calendars.unreadable import Unreadable
from workers.public_addresses import is_public

EVENT = "UID:{0}\nDTSTART:20310402T1000{0:02}Z\nDURATION:PT1H"


@pytest.fixture
def ann(db: Database) -> Iterator[Salon]:
    with salon(db) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with CalendarServer(calendar(EVENT.format(1))) as serving:
        yield serving


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "0.0.0.0", "127.1"]
)
def test_our_own_network_is_not_read(ann: Salon, server: CalendarServer, host: str) -> None:
    ann.private_hosts = ("calendar.example",)
    error = ann.reads(ann.imports(url=server.url.replace("127.0.0.1", host)))
    assert error == f"{host.strip('[]')} is not on the public internet."
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1"),
        *("fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
        *("2002:a00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::ffff:127.0.0.1"),
    ],
)
def test_private_addresses_are_not_read(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14"])
def test_public_addresses_may_be_read(address: str) -> None:
    assert is_public(address)


def test_a_redirect_is_followed_but_not_into_our_network(
    ann: Salon, server: CalendarServer
) -> None:
    with CalendarServer(status=302, headers={"Location": server.url}) as first:
        key = ann.imports(url=first.url)
        assert ann.reads(key) is None
        assert len(server.asked) == 1
        first.headers = {"Location": server.named_url}
        assert ann.reads(key) == "localhost is not on the public internet."
        assert len(server.asked) == 1
        for elsewhere in ("file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/"):
            first.headers = {"Location": elsewhere}
            assert ann.reads(key) == "The address leads to something that is not on the web."
        first.headers = {"Location": "//["}
        assert ann.reads(key) == "127.0.0.1 did not answer as a web server."
        first.headers = {"Location": "/again"}
        assert ann.reads(key) == "The address leads from one to the next without end."
        first.headers = {}
        assert ann.reads(key) == "127.0.0.1 answered 302."


def test_a_host_that_is_not_there(ann: Salon, server: CalendarServer) -> None:
    key = ann.imports(url="http://calendar.invalid/a.ics")
    assert ann.reads(key) == "There is no host calendar.invalid."


def test_a_calendar_server_that_does_not_answer_is_named(
    ann: Salon, server: CalendarServer
) -> None:
    with CalendarServer() as closed:
        url = closed.url
    assert ann.reads(ann.imports(url=url)) == "127.0.0.1 did not answer."


def test_a_server_has_to_be_who_it_says(
    ann: Salon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, tls = certificate(tmp_path)
    ann.private_hosts = ("127.0.0.1", "localhost")
    with CalendarServer(calendar(EVENT.format(1)), tls=tls) as server:
        key = ann.imports(url=server.url)
        assert ann.reads(key) == "127.0.0.1 did not answer.", "nobody trusts the certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        assert ann.reads(key) is None
        other = ann.imports(url=server.named_url)
        assert ann.reads(other) == "localhost did not answer.", "it is of 127.0.0.1"


def test_a_calendar_may_have_five_mebibytes(ann: Salon, server: CalendarServer) -> None:
    server.content = calendar(EVENT.format(1), f"UID:2\nDESCRIPTION:{'x' * 5 * 1024**2}")
    key = ann.imports(url=server.url)
    assert ann.reads(key) == "The calendar is larger than 5 MiB."


def test_it_is_not_sent_compressed(ann: Salon, server: CalendarServer) -> None:
    server.headers = {"Content-Encoding": "gzip"}
    assert ann.reads(ann.imports(url=server.url)) == "127.0.0.1 sent it compressed."


@pytest.mark.parametrize("drips", ["headers", "body", "nothing"])
def test_a_server_has_a_deadline_for_all_that_it_sends(
    server: CalendarServer, monkeypatch: pytest.MonkeyPatch, drips: Drips
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE", 1.0)
    server.drips = drips
    with pytest.raises(Unreadable, match=r"127\.0\.0\.1 took longer than 1 seconds\."):
        Fetcher(("127.0.0.1",)).fetch(server.url, Version())


def test_a_reader_that_hangs_ends(
    ann: Salon, server: CalendarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SECONDS", 2.0)
    server.drips = "nothing"
    assert ann.reads(ann.imports(url=server.url)) == "It takes too long to be understood."


@pytest.mark.parametrize(
    "event",
    [
        {"uid": "\x00", "starts": "2031-04-02T10:00:00Z", "ends": "2031-04-02T11:00:00Z"},
        {"uid": "1", "starts": "\ud800", "ends": "2031-04-02T11:00:00Z"},
        {"uid": "1", "starts": "tomorrow", "ends": "never"},
        {"uid": "1", "starts": "2031-02-30T10:00:00Z", "ends": "2031-04-02T11:00:00Z"},
    ],
)
def test_a_calendar_that_cannot_be_stored_ends_with_its_error(
    ann: Salon, event: dict[str, str]
) -> None:
    class Careless(reader.Reader):
        def read(self, job: Mapping[str, Any]) -> dict[str, Any]:
            return {"events": [event], "skipped_count": 0, "skipped": []}

    key = ann.imports(content=calendar(EVENT.format(1)))
    assert ann.reads(key, Careless(())) == "It holds something that cannot be stored."
    assert ann.reads(key) is None


def test_the_owner_sees_what_was_skipped_and_why(ann: Salon) -> None:
    unknown = "UID:2\nDTSTART;TZID=Nowhere\x1b[1m:20310402T100000\nDURATION:PT1H"
    key = ann.imports(content=calendar(EVENT.format(1), unknown, "UID:3", "UID:4"))
    assert ann.reads(key) is None
    ann.db.connection.execute("begin")
    ann.db.connection.execute("select tests.act_as('owner')")
    ((count, skipped),) = ann.db.rows("select skipped_count, skipped from public.calendar_imports")
    ann.db.connection.execute("rollback")
    assert (count, skipped) == (
        3,
        [
            {"reason": "It has no start.", "count": 2},
            {"reason": "The time zone “Nowhere [1m” is unknown.", "count": 1},
        ],
    )


def test_a_job_is_answered_whatever_address_a_server_leads_to(
    ann: Salon, server: CalendarServer
) -> None:
    server.status, server.headers = 302, {"Location": "http://caf\xe9\x85.invalid/" + "x" * 3000}
    error = ann.reads(ann.imports(url=server.url))
    assert error is not None and error.isprintable() and len(error) <= 300


def test_a_reader_that_breaks_is_noticed_without_telling_what_it_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = {"url": None, "content": calendar().decode(), "from_at": "secret", "to_at": ""}
    with pytest.raises(Unreadable, match="cannot be understood"):
        reader.Reader(()).read(job)
    said = capsys.readouterr().out
    assert "calendar_not_read" in said and "ValueError" in said and "secret" not in said
