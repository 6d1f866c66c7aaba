"""A payment provider that moves no money: what the stack uses until a real one is set up.

It speaks HTTP, has books of its own and sends signed webhooks, as a real provider does. How a
payment ends is chosen by its method, its amount, or on its page; docs/money/providers.md says how.
"""
