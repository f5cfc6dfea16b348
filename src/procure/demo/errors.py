"""What ends a demo before its end."""


class DemoFailed(RuntimeError):
    """The demo cannot go on; the message says what differed, or where to look."""
