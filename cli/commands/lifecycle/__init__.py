"""The commands that start, show and end a stack: up, status, down, reset."""
