"""What each kind of step does: one function for each Struct of the format, found by its type."""
