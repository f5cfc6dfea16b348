"""What is owed and paid: terms engine, claims, attestation, double-entry ledger, payment runs.

Owns: claim, claim_line, attestation, ledger_transaction, entry, payment_run, payment. Entitlement
is recomputed from facts and only the difference is posted; nothing is edited.
"""
