"""Payment providers, simulated on sockets of this machine: each with books of its own."""
