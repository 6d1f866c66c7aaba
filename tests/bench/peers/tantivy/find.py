"""Tantivy in process: index a catalog in memory, then time each query.

`find.py CATALOG QUERIES`: a line of the catalog has an id, a name and a text, and a line of the
queries is a query. It prints the milliseconds of each query, which returns the names of the best
twenty.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import tantivy


def main(catalog: Path, queries: Path) -> None:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("name", stored=True, tokenizer_name="en_stem")
    builder.add_text_field("text", stored=False, tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    for line in catalog.read_text("utf-8").splitlines():
        key, name, text = line.split("\t")
        writer.add_document(tantivy.Document(id=key, name=name, text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    taken = []
    for line in queries.read_text("utf-8").splitlines():
        began = time.perf_counter()
        query = index.parse_query(line, ["name", "text"], conjunction_by_default=True)
        hits = searcher.search(query, 20).hits
        for _score, address in hits:
            searcher.doc(address)["name"]
        taken.append((time.perf_counter() - began) * 1000)
    print(json.dumps(taken))


main(Path(sys.argv[1]), Path(sys.argv[2]))
