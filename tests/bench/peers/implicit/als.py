"""Recommends by implicit's alternating least squares: baskets from stdin, ten of each to stdout."""

from __future__ import annotations

import json
import sys

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix


def main() -> None:
    """Learn from all baskets, and recommend for the first `asked` of them what they have not."""
    wanted = json.load(sys.stdin)
    pairs = [(row, item) for row, basket in enumerate(wanted["baskets"]) for item in basket]
    rows, items = zip(*pairs, strict=True)
    shape = (len(wanted["baskets"]), wanted["products"])
    bought = csr_matrix((np.ones(len(pairs), dtype=np.float32), (rows, items)), shape=shape)
    model = AlternatingLeastSquares(
        factors=wanted["factors"],
        regularization=0.05,
        alpha=10.0,
        iterations=20,
        random_state=1,
        num_threads=1,
    )
    model.fit(bought, show_progress=False)
    asked = np.arange(wanted["asked"])
    found, _ = model.recommend(asked, bought[asked], N=10, filter_already_liked_items=True)
    json.dump(found.tolist(), sys.stdout)


main()
