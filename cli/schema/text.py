"""The form of a migration's file."""

from __future__ import annotations

# PostgreSQL lets PUBLIC call every new function. Ours are not for PUBLIC, so that is off while they
# are created. Only this form without a schema works, and it covers the functions of others too:
# they get the habit back.
WITHHOLD_FUNCTIONS = "alter default privileges revoke execute on functions from public;"
RESTORE_FUNCTIONS = "alter default privileges grant execute on functions to public;"

FORM = """\
-- {title}
set lock_timeout = '5s';
{withhold}

{body}

{restore}
notify pgrst, 'reload schema';
"""


def migration_text(title: str, body: str) -> str:
    """A migration: it gives up on locks soon, and tells PostgREST at the end."""
    return FORM.format(
        title=title, body=body.strip(), withhold=WITHHOLD_FUNCTIONS, restore=RESTORE_FUNCTIONS
    )
