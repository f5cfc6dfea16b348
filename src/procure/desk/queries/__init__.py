"""Reading across every stage: the thread, the history, the first screens."""
