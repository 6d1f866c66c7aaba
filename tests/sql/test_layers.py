"""SQL has floors: an object refers to its own domain and to those that load before it.

A trigger on a table of a lower domain stands in a file of the upper domain, whose function it
calls, so it refers downwards like everything else.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cli.schema import CHECKOUT, Checkout
from cli.schema.ownership import created, owners, without_comments

# What still refers upwards, as `file: name`. It only becomes shorter.
NOT_YET: set[str] = set()

COMMENT_ON = re.compile(
    r"^comment on [^;']*? is\s+(?:'(?:[^']|'')*'|(?P<tag>\$\w*\$).*?(?P=tag)|null);",
    re.MULTILINE | re.DOTALL,
)
NAME = re.compile(r"\b[a-z_]+\.[a-z_0-9]+\b")

EXAMPLES = {
    "a body": "create function lower.count() returns bigint language sql as $$\n"
    "    select count(*) from upper.things\n$$;",
    "a body that is bound": "create function lower.make() returns bigint\nbegin atomic\n"
    "    select upper.make();\nend;",
    "a view": "create view public.things as select id from upper.things;",
    "a policy": "create policy parcels_select on lower.parcels for select to anon\n"
    "using (id in (select upper.mine()));",
    "a foreign key": "create table lower.labels (thing_id uuid references upper.things);",
    "a default": "create table lower.labels (id uuid default upper.make());",
    "a type": "create table lower.labels (state upper.state);",
    "a name in a text": "create index labels_state on lower.labels (state)\n"
    "where state = any(enum_range('upper.state'::regtype));",
    "a grant": "grant execute on function upper.make() to anon;",
}
UPPER = """\
create schema upper;
create type upper.state as enum ('on');
create table upper.things (id uuid);
create function upper.make() returns uuid language sql as 'select gen_random_uuid()';
create function upper.mine() returns setof uuid language sql as 'select id from upper.things';
"""
FINE = {
    "a comment": "-- upper.things are counted by /* upper.make */\n/* upper.mine */",
    "a documentation": "comment on table lower.parcels is 'See upper.things; a;\nb upper.make.';",
    "a quoted documentation": "comment on table lower.parcels is $$See upper.things; 'a'.$$;",
    "its own domain": "create view public.labels as select id from lower.parcels;",
}


def references_up(checkout: Checkout) -> set[str]:
    """Every reference to an object of a domain that loads later, as `file: name`."""
    known = {name: domain.path for name, domain in owners(checkout).items()}
    return {
        f"{path.relative_to(checkout.root)}: {name}"
        for domain in checkout.domains()
        for path in domain.files()
        for name in NAME.findall(code(path.read_text("utf-8")))
        if name in known and known[name] > domain.path
    }


def code(sql: str) -> str:
    """The text without comments and without documentation."""
    return COMMENT_ON.sub("", without_comments(sql))


def two_domains(root: Path, lower: str, *, upper: str = "") -> Checkout:
    """A checkout with a lower domain and an upper one."""
    for name, text in (("10_lower", lower), ("20_upper", UPPER + upper)):
        folder = root / "sql" / name
        folder.mkdir(parents=True)
        (folder / "tables.sql").write_text(text, "utf-8")
    return Checkout(root)


def test_nothing_refers_to_a_domain_that_loads_later() -> None:
    found = references_up(CHECKOUT)
    assert found - NOT_YET == set(), "refers upwards"
    assert NOT_YET - found == set(), "is mended: delete the entry"


def test_one_name_belongs_to_one_domain() -> None:
    """A type and its constructor share a name; both are created in one domain."""
    creators = {
        (name, domain.path.name)
        for domain in CHECKOUT.domains()
        for path in domain.files()
        for name in created(path.read_text("utf-8"))
    }
    names = Counter(name for name, _domain in creators)
    assert [name for name, domains in names.items() if domains > 1] == []


@pytest.mark.parametrize("lower", EXAMPLES.values(), ids=EXAMPLES)
def test_a_reference_upwards_is_noticed_in(lower: str, tmp_path: Path) -> None:
    assert len(references_up(two_domains(tmp_path, lower))) == 1


@pytest.mark.parametrize("lower", FINE.values(), ids=FINE)
def test_no_upward_reference_is_found_in(lower: str, tmp_path: Path) -> None:
    lower = "create table lower.parcels (id uuid);\n" + lower
    assert references_up(two_domains(tmp_path, lower)) == set()


def test_a_trigger_of_the_upper_domain_may_hang_on_a_lower_table(tmp_path: Path) -> None:
    trigger = "create trigger _100_make after insert on lower.parcels for each row\n"
    lower = "create table lower.parcels (id uuid);"
    upper = trigger + "execute function upper.make();"
    assert references_up(two_domains(tmp_path, lower, upper=upper)) == set()
    other = two_domains(tmp_path / "other", lower + "\n" + upper)
    assert references_up(other) == {"sql/10_lower/tables.sql: upper.make"}
