"""The commands, one package or module for each noun.

`database` and `consent` are what they share: questions to the running stack's database, and the
question before something that cannot be undone.
"""
