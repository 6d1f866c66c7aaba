"""Pages, banners and privacy on the command line."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from tests.harness.stack import RunningStack


def done(stack: RunningStack, *arguments: object) -> str:
    ended = stack.cli(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def listed(stack: RunningStack, *arguments: object) -> Any:
    return json.loads(done(stack, *arguments, "--json"))


def test_a_page_is_saved_published_listed_and_retired(stack: RunningStack, tmp_path: Path) -> None:
    slug = f"about-{uuid.uuid4().hex[:8]}"
    text = tmp_path / "about.md"
    text.write_text("# Hello", "utf-8")
    done(stack, "pages", "save", slug, text, "--locale", "en", "--title", "About", "--listed")
    done(stack, "pages", "publish", slug, "--yes")
    (row,) = [row for row in listed(stack, "pages", "list") if row["slug"] == slug]
    assert (row["version"], row["draft"], row["locales"], row["is_shown"]) == (1, None, "en", True)
    (version,) = listed(stack, "pages", "versions", slug)
    assert version["title"] == "About"
    again = stack.cli("pages", "publish", slug, "--yes")
    assert (again.returncode, "This page has no draft." in again.stderr) == (1, True)
    done(stack, "pages", "retire", slug, "--yes")
    absent = stack.cli("pages", "publish", "nothing-of-it", "--yes")
    assert (absent.returncode, "There is no page" in absent.stderr) == (1, True)


def test_a_banner_is_added_listed_and_deleted(stack: RunningStack) -> None:
    title = uuid.uuid4().hex
    key = done(stack, "banners", "add", title, "--place", "search").strip()
    rows = listed(stack, "banners", "list", "--live")
    assert [row["title"] for row in rows if row["id"] == key] == [title]
    done(stack, "banners", "delete", key, "--yes")
    assert stack.cli("banners", "delete", key, "--yes").returncode == 1


def test_somebody_is_exported_and_erased(stack: RunningStack) -> None:
    email = f"{uuid.uuid4().hex}@town.example"
    done(stack, "users", "create", email)
    document = json.loads(done(stack, "privacy", "export", email))
    assert document["account"]["email"] == email
    done(stack, "privacy", "erase", email, "--yes")
    newest = listed(stack, "privacy", "list", "--limit", 1)[0]
    assert newest["kind"] == "erasure"
    assert stack.cli("privacy", "show", newest["id"]).returncode == 0
    rules = listed(stack, "privacy", "retention")
    assert "sales.sales" in {rule["relation"] for rule in rules}
    missing = stack.cli("privacy", "retention", "no.table", "--keep", "9 days", "--yes")
    assert (missing.returncode, "There is no rule" in missing.stderr) == (1, True)
