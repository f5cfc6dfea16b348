"""The demo: a database made as one, its own accounts, a clock that moves, and the main job.

`seed` makes the accounts, `api` moves the clock, `run` plays the whole chain through the HTTP API.
"""
