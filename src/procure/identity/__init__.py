"""People, organisations, who is what where, sessions and API tokens; the installation itself.

Owns: installation, organisation, person, membership, account_link, session, api_token, opening_key,
login_failure. Several buyers live in one installation; every role is held in one organisation.
"""
