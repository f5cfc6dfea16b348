"""One module per external system; the only place where clients of the outside are imported."""
