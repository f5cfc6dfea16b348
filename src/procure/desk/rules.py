"""What may be published about people: counts that point at nobody.

Source: the practice of official statistics (a cell under ten people is not shown, nor one that a
reader could find by subtracting).
"""

SMALLEST_CELL = 10  # people


def shown_count(count: int, of: int) -> int | None:
    """Return a count of people to publish; None where it, or who is left of `of`, is too small.

    >>> shown_count(25, of=40), shown_count(9, of=40), shown_count(31, of=40), shown_count(0, of=40)
    (25, None, None, None)
    """
    if count < SMALLEST_CELL or of - count < SMALLEST_CELL:
        return None
    return count


def shown_total(count: int) -> int | None:
    """Return how many people there were in all, to publish; None for a small number.

    >>> shown_total(10), shown_total(9)
    (10, None)
    """
    return count if count >= SMALLEST_CELL else None
