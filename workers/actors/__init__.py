"""The actors that react to queues, one module a domain.

An actor decodes a message, calls one SQL function, talks to one provider and records the result.
Decisions belong to SQL.
"""
