"""The audit dossier: a procedure and its contracts as one file that anyone can check.

Owns: dossier, the list of files that were made. No states. Reads every stage, and shows nothing of
what is still sealed. `verify.py` checks a file with the standard library alone and is part of it.
Source: promises A-2, A-3, A-7, A-11; the format is described in docs/formats/dossier.md.
"""
