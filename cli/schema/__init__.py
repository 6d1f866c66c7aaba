"""The schema of a database: sql/ declares it, the platform is below it, migrations make it.

Read `layout` for where the files are, `loading` for how they get into a database, `history` for
migrations that are applied, and `planning` for migrations that are written.
"""

from cli.schema.connection import connect, run_file
from cli.schema.history import migrate, pending
from cli.schema.layout import CHECKOUT, Checkout
from cli.schema.loading import declare, install_platform, seed

__all__ = [
    "CHECKOUT",
    "Checkout",
    "connect",
    "declare",
    "install_platform",
    "migrate",
    "pending",
    "run_file",
    "seed",
]
