"""The processes that talk to the outside world. Decisions belong to SQL."""
