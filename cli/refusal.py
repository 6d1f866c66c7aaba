"""The refusal of a command."""


class Refusal(Exception):
    """A failure that a person can mend: one sentence and the next step.

    `cli.main` prints both on stderr and exits with 1; nothing else prints them.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
