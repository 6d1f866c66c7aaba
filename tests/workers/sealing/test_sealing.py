"""Secrets are sealed by the database and opened with a key that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from tests.harness.database import Database
from tests.harness.session import DatabaseSession
from workers.sealing.keyring import Keyring
from workers.sealing.messages import UnknownKey, key_id_of
from workers.sealing.packets import BrokenPacket

IBAN = "DE89370400440532013000"


@pytest.fixture
def keyring(db: Database, tmp_path: Path) -> Keyring:
    """A keyring whose key the database seals with."""
    keyring = Keyring(tmp_path / "secrets.pem")
    keyring.make_first_key()
    register(db, keyring)
    return keyring


def register(db: Database, keyring: Keyring) -> None:
    key = keyring.newest()
    db.rows("select private.add_secret_key(%s, %s)", key.key_id, key.public_packet)


def kept(db: Database, value: str) -> bytes:
    ((key,),) = db.rows("select private.keep_secret(null, %s)", value)
    ((sealed,),) = db.rows("select private.sealed_secret(%s)", key)
    assert isinstance(sealed, bytes)
    return sealed


def dumped(db: Database) -> str:
    """Every row of every table, as a dump has it."""
    tables = db.rows("""
        select format('%I.%I', nspname, relname) from pg_class
        inner join pg_namespace on relnamespace = pg_namespace.oid
        where relkind in ('r', 'm') and nspname !~ '^pg_(catalog|toast)|information_schema'
    """)
    texts = []
    for (table,) in tables:
        statement = f"copy {table} to stdout".encode()
        with db.connection.cursor().copy(statement) as copy:
            texts += [bytes(block).decode() for block in copy]
    return "\n".join(texts)


@pytest.mark.parametrize("value", ["", IBAN, "ключ\nß", "x" * 50_000])
def test_what_is_kept_can_be_opened(db: Database, keyring: Keyring, value: str) -> None:
    assert keyring.unseal(kept(db, value)) == value


def test_without_a_key_nothing_is_kept(db: Database) -> None:
    with pytest.raises(psycopg.DatabaseError) as refused:
        kept(db, IBAN)
    assert refused.value.diag.message_detail == "unavailable"


def test_the_same_value_is_never_sealed_alike(db: Database, keyring: Keyring) -> None:
    assert kept(db, IBAN) != kept(db, IBAN)


def test_a_changed_seal_does_not_open(db: Database, keyring: Keyring) -> None:
    sealed = bytearray(kept(db, IBAN))
    sealed[-30] ^= 1
    with pytest.raises(BrokenPacket, match="changed"):
        keyring.unseal(bytes(sealed))
    with pytest.raises(BrokenPacket):
        keyring.unseal(bytes(sealed[:100]))


def test_another_key_opens_nothing(db: Database, keyring: Keyring, tmp_path: Path) -> None:
    other = Keyring(tmp_path / "other.pem")
    other.make_first_key()
    with pytest.raises(UnknownKey):
        other.unseal(kept(db, IBAN))


def test_a_new_key_opens_what_the_old_one_sealed(db: Database, keyring: Keyring) -> None:
    sealed = kept(db, IBAN)
    keyring.make_key()
    register(db, keyring)
    rewrapped = keyring.rewrap(sealed)
    assert key_id_of(rewrapped) == keyring.newest().key_id != key_id_of(sealed)
    assert keyring.unseal(rewrapped) == keyring.unseal(sealed) == IBAN
    assert key_id_of(kept(db, IBAN)) == keyring.newest().key_id


def test_a_key_that_another_process_made_is_found(db: Database, keyring: Keyring) -> None:
    waiting = Keyring(keyring.path)
    keyring.make_key()
    register(db, keyring)
    assert waiting.unseal(kept(db, IBAN)) == IBAN


def test_only_the_owner_reads_the_keys(keyring: Keyring) -> None:
    assert keyring.path.stat().st_mode & 0o077 == 0


def test_a_dump_has_no_plain_value(
    db: Database, keyring: Keyring, databases: DatabaseSession
) -> None:
    kept(db, IBAN)
    dump = dumped(db)
    assert keyring.newest().key_id in dump, "the dump has the secrets"
    assert IBAN not in dump
    assert IBAN.encode().hex() not in dump
    assert not re.search(r"PRIVATE KEY", dump)
    assert IBAN not in databases.cluster.log.read_text()
