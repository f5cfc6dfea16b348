"""What can be bought: services, outcome definitions and payment schemes, each with its dates.

Owns: service, outcome_definition, payment_scheme. A service ends on a date and names successors; a
definition and a scheme are versions that are never edited once a contract points to them.
Source: THP 2024-2029; fixtures/catalogue.
"""
