"""The initial migrations: until the first release, each is the files of one domain, joined."""

from __future__ import annotations

from pathlib import Path

from cli.schema.layout import Checkout, Domain, is_initial
from cli.schema.text import migration_text


def stale(checkout: Checkout) -> dict[Path, str | None]:
    """The initial migrations that are not what sql/ says now, and the text that each should have.

    Without a text it is left over: its domain is gone.
    """
    wanted, present = _wanted(checkout), _present(checkout)
    return {
        path: wanted.get(path)
        for path in sorted(wanted.keys() | present.keys())
        if wanted.get(path) != present.get(path)
    }


def write(texts: dict[Path, str | None]) -> None:
    """Write each file, or delete it where it has no text."""
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, "utf-8")


def _wanted(checkout: Checkout) -> dict[Path, str]:
    return {
        checkout.migrations / domain.initial: _joined(domain, checkout)
        for domain in checkout.domains()
    }


def _present(checkout: Checkout) -> dict[Path, str]:
    files = filter(is_initial, checkout.migration_files())
    return {path: path.read_text("utf-8") for path in files}


def _joined(domain: Domain, checkout: Checkout) -> str:
    parts = [
        f"-- {path.relative_to(checkout.root)}\n\n{path.read_text('utf-8')}"
        for path in domain.files()
    ]
    title = f"The initial schema of {domain.path.name}: its files of sql/, joined."
    return migration_text(title, "\n".join(parts))
