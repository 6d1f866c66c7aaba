"""What reacts to queues, one module a domain.

Actors decode, call one SQL function, talk to one provider, and record what came of it; nothing here
decides about bookings.
"""
