"""Procedures: tender, lots, criteria, keyholders, deadlines from the rule set of the start date.

Owns: tender, lot, criterion, keyholder, invitation. States: draft, published, closed, opened,
evaluated, concluded, cancelled. Source: RHS by dated rule set (fixtures/parameters/tenders).
"""
