"""Scoring: an evaluation as data in, the ranking with every intermediate value out.

Owns no tables. Pure: no clock, no chance, no I/O, so that tenders, evaluation, the dossier and a
command without a database compute the same. `format` is the documented file as Structs, `reading`
turns bytes into it, `engine` runs its steps, `checks` says what cannot be valid, `questions` asks
what would have been, `words` says everything to a person. A new country's rule is a new file, never
new code. Source: docs/formats/scoring.md; docs/decisions/0013.
"""
