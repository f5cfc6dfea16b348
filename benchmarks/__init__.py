"""Claims about speed. Each file prints a ratio to a floor measured in the same run, in minutes."""
