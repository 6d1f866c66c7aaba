"""What a model of meaning can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def model(self) -> str:
        """The name of the model. Vectors of different models are not compared."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vector of each text, in their order; all have the same length."""
