"""What a person sees when the stack is up."""

from __future__ import annotations

from cli.hints import completed
from cli.output import show_json
from cli.stack.state import Endpoints

TEXT = """\

  API       {api_url}
  Reference {api_url}/docs
  Database  {db_url}
  Anon key      {anon_key}
  Service key   {service_role_key}   (servers only)
  State     {state_dir}

Try next:
  curl '{rest_url}/businesses?select=*&limit=3' -H 'apikey: {anon_key}'
  ./frontdesk demo      fills it with believable businesses
  ./frontdesk tour      plays a customer's story against it
  ./frontdesk status    shows this again
  {end}
"""


def announce(endpoints: Endpoints, *, as_json: bool, is_detached: bool) -> None:
    """Print where the stack is, its keys, and what to try next."""
    if as_json:
        show_json(endpoints.as_dict())
        return
    end = "./frontdesk down      stops it" if is_detached else "Ctrl-C stops everything"
    print(completed(TEXT.format(**endpoints.as_dict(), end=end)), flush=True)
