"""Runs the embedded stack: PostgreSQL, PostgREST, the gateway, the edge and the worker.

Read `parts` for what runs, `supervisor` for how it is kept running, `state` for what is kept.
"""
