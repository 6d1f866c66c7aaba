"""The queues that the bench measures, each a program, and the servers that they need."""
