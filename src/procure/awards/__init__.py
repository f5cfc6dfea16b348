"""The decision per lot, letters with reasons to every tenderer, standstill.

Owns: award, award_supplier, letter. States: proposed, standstill, final, annulled.
Source: RHS 117, 120, 121.
"""
