"""How bids score: panel, conflict declarations, scores with reasons, ranking, abnormally low bids.

Owns: panel_member, score, explanation, drawing, evaluation. Source: RHS 85, 115, 117.
"""
