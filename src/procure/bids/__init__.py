"""Sealed bids: encrypted on arrival, receipted, opened only after the deadline by k of n people.

Owns: arrival, bid, opening_share, opening. States of a bid: sealed, replaced, withdrawn, late,
opened. Source: Directive 2014/24/EU Annex IV; RHS 113; promises R1-R8, T-1 to T-19.
"""
