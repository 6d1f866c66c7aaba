"""A sentence model of BERT's family, such as all-MiniLM-L6-v2, read from its folder.

It runs on numpy alone: a text takes some milliseconds, and no framework of a gigabyte is needed.

Source: the layers of Hugging Face's BertModel; mean pooling as the model's 1_Pooling says.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LONGEST = 256  # tokens, with which these models were trained
Array = Any


class Bert:
    """An embedder on a folder with config.json, tokenizer.json and model.safetensors."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        self.model = folder.name
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights: dict[str, Array] = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vector of each text, of length 1."""
        with self._lock:
            return [self._vector(self._tokenizer.encode(text).ids) for text in texts]

    def _vector(self, ids: list[int]) -> list[float]:
        state = self._embedded(ids)
        for number in range(self._layers):
            state = self._layer(f"encoder.layer.{number}", state)
        mean = state.mean(axis=0)
        return [float(value) for value in mean / np.linalg.norm(mean)]

    def _embedded(self, ids: list[int]) -> Array:
        weights, part = self._weights, "embeddings"
        state = (
            weights[f"{part}.word_embeddings.weight"][ids]
            + weights[f"{part}.position_embeddings.weight"][: len(ids)]
            + weights[f"{part}.token_type_embeddings.weight"][0]
        )
        return self._normalized(f"{part}.LayerNorm", state)

    def _layer(self, part: str, state: Array) -> Array:
        attended = self._linear(f"{part}.attention.output.dense", self._attention(part, state))
        state = self._normalized(f"{part}.attention.output.LayerNorm", state + attended)
        inner = _gelu(self._linear(f"{part}.intermediate.dense", state))
        outer = self._linear(f"{part}.output.dense", inner)
        return self._normalized(f"{part}.output.LayerNorm", state + outer)

    def _attention(self, part: str, state: Array) -> Array:
        query, key, value = (
            self._linear(f"{part}.attention.self.{name}", state)
            .reshape(len(state), self._heads, -1)
            .transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        return (weights @ value).transpose(1, 0, 2).reshape(len(state), -1)

    def _linear(self, part: str, state: Array) -> Array:
        return state @ self._weights[f"{part}.weight"].T + self._weights[f"{part}.bias"]

    def _normalized(self, part: str, state: Array) -> Array:
        centered = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centered**2).mean(axis=-1, keepdims=True) + self._epsilon)
        weights = self._weights
        return centered / spread * weights[f"{part}.weight"] + weights[f"{part}.bias"]


def _gelu(values: Array) -> Array:
    """Return x·Φ(x), with Φ by Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    size = np.abs(values) / math.sqrt(2)
    step = 1 / (1 + 0.3275911 * size)
    tail = step * (
        0.254829592
        + step * (-0.284496736 + step * (1.421413741 + step * (-1.453152027 + step * 1.061405429)))
    )
    erf = np.sign(values) * (1 - tail * np.exp(-size * size))
    return 0.5 * values * (1 + erf)
