"""The memory of every decision: append-only events in one hash chain.

Owns: event, event_head. No states. Written only through the database function `record_event`,
which alone may insert; nothing here is ever changed. Source: promises A-1 to A-3, A-9.
"""
