"""Rows without pictures, for tests of what tasks read."""

from eyespot.sources.source import Row


def rows_of(column: str, *texts: str) -> list[Row]:
    """One row for each text in one column, found in lines 2, 3, ... of a table."""
    return [
        Row(picture=b"", name=f"{number}.png", values={column: text}, location=f"table.csv line {number}")
        for number, text in enumerate(texts, start=2)
    ]
