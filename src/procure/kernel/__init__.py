"""The vocabulary every package speaks: actors, errors, findings, money, time, states.

Pure: no I/O, no clock, no chance. What is here knows nothing of procurement.
"""
