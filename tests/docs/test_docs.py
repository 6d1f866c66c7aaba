"""What the documentation says is what the project does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.options import ROOT
from cli.registry import COMMANDS
from tests.harness.database import Database
from tests.harness.stack import RunningStack, run_cli

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
VARIABLE = re.compile(r"\b(?:FRONTDESK_[A-Z_]+|POSTGREST_BIN|NGINX_BIN)\b")
OFFERED = """
    select distinct proname from pg_proc
    inner join pg_namespace on pg_namespace.oid = pronamespace
    where nspname = 'public' and prorettype <> 'trigger'::regtype
    and not exists (
        select from pg_depend where pg_depend.objid = pg_proc.oid and pg_depend.deptype = 'e'
    )
    union all
    select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
"""


def words(path: Path) -> set[str]:
    """What a page has between backticks, word by word."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", path.read_text("utf-8")))))


def test_every_variable_that_the_code_reads_is_documented_and_no_other() -> None:
    code = [ROOT / "frontdesk", *ROOT.glob("cli/**/*.py"), *ROOT.glob("workers/**/*.py")]
    read = {name for path in code for name in VARIABLE.findall(path.read_text("utf-8"))}
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert read == set(VARIABLE.findall(text))


def test_every_view_and_function_of_public_is_in_the_api_page(db: Database) -> None:
    pgtap = {
        name
        for (name,) in db.rows(
            "select proname from pg_proc where pronamespace = 'tests'::regnamespace"
        )
    }
    offered = {str(name) for (name,) in db.rows(OFFERED)} - pgtap
    assert offered - words(ROOT / "docs" / "api.md") == set()


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    for page in DOCS:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_has_its_help() -> None:
    listed = re.findall(r"^│ (\w[\w-]*) ", run_cli("--help").stdout, re.MULTILINE)
    assert listed == list(COMMANDS)
    for command in listed:
        done = CliRunner().invoke(app, [command, "--help"])
        assert done.exit_code == 0 and "Usage" in done.stdout, command


def test_the_readme_names_the_node_that_supabase_js_needs() -> None:
    factory = ROOT / "node_modules/@supabase/realtime-js/dist/main/lib/websocket-factory.js"
    without_websocket = re.findall(r"Node\.js < (\d+)", factory.read_text("utf-8"))
    assert without_websocket
    for version in without_websocket:
        assert f"Node {version} or newer" in (ROOT / "README.md").read_text("utf-8")


def test_the_readme_names_the_minor_digits_of_currencies(db: Database) -> None:
    named = re.findall(r"(\d)[\w ]* \(`([A-Z]{3})`\)", (ROOT / "README.md").read_text("utf-8"))
    digits = dict(db.rows("select code::text, minor_digits from public.currencies"))  # type: ignore[arg-type]
    assert len(named) == 4
    for number, code in named:
        assert digits[code] == int(number)
    assert {int(number) for number, _ in named} == set(digits.values())


@pytest.mark.parametrize("block", [0, 1])
def test_the_readme_does_what_it_says(stack: RunningStack, block: int) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for line in blocks[block].splitlines():
        command, *arguments = line.split()
        assert command == "./frontdesk"
        if arguments[0] != "down":  # the stack is shared; what `down` does is tested beside `up`
            done = stack.cli(*arguments)
            assert done.returncode == 0, f"{line}: {done.stderr}"
