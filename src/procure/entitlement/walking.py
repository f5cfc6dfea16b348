"""Walking through terms: every part with its path, as JSON paths are written."""

from collections.abc import Iterator

import msgspec


def parts(node: object, path: str = "$") -> Iterator[tuple[str, object]]:
    """Yield a value and everything in it, each with its path.

    >>> from procure.entitlement.language import Length
    >>> [path for path, _ in parts([Length(days=1)])][:3]
    ['$', '$[0]', '$[0].days']
    """
    yield path, node
    if isinstance(node, msgspec.Struct):
        for field in msgspec.structs.fields(node):
            yield from parts(getattr(node, field.name), f"{path}.{field.encode_name}")
    elif isinstance(node, list | tuple):
        for place, item in enumerate(node):
            yield from parts(item, f"{path}[{place}]")
    elif isinstance(node, dict):
        for name, item in node.items():
            yield from parts(item, f"{path}.{name}")
