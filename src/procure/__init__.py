"""Procure: outcome-based procurement of career services, from need to payment."""
