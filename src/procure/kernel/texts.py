"""Marks English source texts for translation where they are written, not where they are shown."""


def n_(text: str) -> str:
    """Mark `text` for the message catalogue and return it unchanged.

    >>> n_("Only {left} is left.")
    'Only {left} is left.'
    """
    return text
