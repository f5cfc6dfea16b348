"""Frameworks and call-offs: terms as data, clauses with their source, signatures, ceilings.

Owns: contract, clause, signature. States: drafted, signed, running, ended.
Source: RHS 29, 30, 83, 121, 123.
"""
