"""OpenFeature's remote evaluation protocol. The database evaluates; the edge speaks HTTP."""
