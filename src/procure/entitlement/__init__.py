"""Entitlement: what is owed under payment terms that are data, for facts that are data.

Pure, and knows no contract, claim or database: `entitlements(terms, facts)` gives lines with their
trace, `difference(…)` what to post. The format of both is docs/formats/payment-terms.md; a new
payment model is a new file in it. `command` alone reads files and prints.
"""
