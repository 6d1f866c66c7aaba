"""The model of meaning, if there is one. It is an optional extra: without it nothing imports it."""

from __future__ import annotations

from pathlib import Path

from workers.providers.meaning.protocol import Embedder


def build(folder: str | None) -> Embedder | None:
    """Return the model in a folder; None without one.

    Raises:
        SystemExit: when the extra `meaning` is not installed, or the folder has no model.
    """
    if not folder:
        return None
    try:
        from workers.providers.meaning.bert import Bert

        return Bert(Path(folder))
    except ImportError:
        raise SystemExit("FRONTDESK_MEANING_MODEL needs the extra `meaning`.") from None
    except OSError as error:
        raise SystemExit(f"FRONTDESK_MEANING_MODEL has no model: {error}") from None
