"""Which people make which groups, where and when: facts, a model without symmetry, and a check.

Pure: the solver is an argument. `facts` says what a plan rests on and what it is, `model` writes it
as a mixed-integer programme, `making` makes a plan, `greedy` is first come first served under the
same rules, `checking` says what a plan breaks and costs whoever made it, `moving` moves by hand.
Units: minutes one way each day, days of waiting after the earliest start, EUR without VAT.
Source: domain model 4 and 9.3; THP § 12 for rates.
"""
