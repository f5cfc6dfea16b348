"""Who can deliver: provider organisations, their facilitators, and venues.

Owns: provider, facilitator, venue. States: applied, admitted, suspended.
"""
