"""The command `frontdesk`: one module a command group; `cli.stack` runs the embedded stack."""
