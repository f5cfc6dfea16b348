"""The audit dossier: a procedure and its contracts as one verifiable file.

Owns nothing; reads every stage. `verify.py` checks an exported file with the standard library alone.
"""
