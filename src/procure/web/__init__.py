"""Litestar glue without domain: clock, sign-in middleware, guards, problems, templates, languages.
"""
