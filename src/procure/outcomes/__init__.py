"""What came of it: reported outcomes, evidence by rank, register checks.

Owns: outcome, evidence. States: claimed, verified, rejected. A higher source closes what a lower
one opened. Source: published outcome definitions (catalogue).
"""
