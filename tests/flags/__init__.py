"""Flags: the published cases of Unleash, and clients that nobody here wrote."""
