"""Dramatiq's own tests, on our broker."""
