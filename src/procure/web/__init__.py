"""Litestar glue without domain: clock, guards, problems, forms, templates, languages."""
