"""The form of a migration's file."""

from __future__ import annotations

FORM = """\
-- {title}
set lock_timeout = '5s';

{body}

notify pgrst, 'reload schema';
"""


def migration_text(title: str, body: str) -> str:
    """A migration: it gives up on locks soon, and tells PostgREST at the end."""
    return FORM.format(title=title, body=body.strip())
