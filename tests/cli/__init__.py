"""The launcher, the commands and the stack, on real stacks of their own."""
