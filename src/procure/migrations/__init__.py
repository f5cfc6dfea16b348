"""The history of the schema, as Piccolo's migrations.

Until the first release there are two: `procure_1_tables.py`, made from the tables' code by
`python -m procure.db.make_migration`, and `procure_2_guards.py`, which runs `sql/*.sql`.
"""
