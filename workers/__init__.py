"""The processes that talk to the outside world; they decide nothing that SQL can decide."""
