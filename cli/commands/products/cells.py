"""The cells of a file of products: a row of the API as a row of a table, and back.

The columns are those of `bulk_upsert_products`. An option and an attribute each have a column of
their own, such as `option:Size` and `attribute:colour`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# A spreadsheet takes a cell that begins with one of these for a formula; the quote itself is marked
# too, so that what was exported is read back as it was.
# Source: OWASP, CSV Injection.
MARKED = tuple("=+-@\t\r'")
COLUMNS = (
    *("product", "name", "description", "category", "brand", "currency", "tax_class"),
    *("is_published", "sku", "price_minor", "barcode", "weight_grams", "is_active"),
    "alert_threshold",
)
GROUPS = {"option:": "options", "attribute:": "attributes"}


def to_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a row of the API as the cells of a file."""
    cells = {column: _written(row.get(column)) for column in COLUMNS}
    for prefix, column in GROUPS.items():
        cells |= {prefix + key: _written(value) for key, value in (row.get(column) or {}).items()}
    return cells


def to_row(cells: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the cells of a file as a row of the API.

    An empty cell leaves the value as it is; the attributes and the options of a row are sent whole.
    """
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        prefix = next((prefix for prefix in GROUPS if name.startswith(prefix)), None)
        if prefix:
            group = row.setdefault(GROUPS[prefix], {})
            if cell:
                group[name.removeprefix(prefix)] = _read(cell)
        elif cell:
            row[name] = _read(cell)
    if not row.get("sku"):
        row.pop("options", None)
    return row


def columns_of(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns that some rows of cells need: the common ones first."""
    others = sorted({name for row in rows for name in row}.difference(COLUMNS), key=_by_group)
    return [*COLUMNS, *others]


def _by_group(name: str) -> tuple[bool, str]:
    return name.startswith("attribute:"), name


def _written(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text if text.startswith(MARKED) else text


def _read(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(MARKED) else cell
