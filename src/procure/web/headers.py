"""Headers that every answer carries, whatever it is."""

from litestar.types import Message, Scope

HEADERS = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"strict-transport-security": b"max-age=31536000; includeSubDomains",
}


async def add_headers(message: Message, scope: Scope) -> None:
    """Add the security headers; what is shown to a signed-in person is not stored by browsers."""
    if message["type"] != "http.response.start":
        return
    headers = list(message.get("headers", []))
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in HEADERS.items() if name not in present]
    if b"cache-control" not in present and not scope["path"].startswith("/static/"):
        headers.append((b"cache-control", b"no-store"))
    message["headers"] = headers
