"""The configuration file: `config` has its tables, `auth` those of sign-in, `file` reads it."""

from cli.settings.auth import Auth
from cli.settings.config import Config, load

__all__ = ["Auth", "Config", "load"]
