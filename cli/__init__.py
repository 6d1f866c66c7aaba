"""The command `frontdesk`: `commands` has the nouns, `stack` runs the parts, `schema` the SQL.

`settings` reads the configuration. `options`, `output` and `refusal` are what all commands share.
"""
