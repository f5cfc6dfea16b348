"""The first screen of each role, and the thread from a payment line to the request and back.

Owns nothing; reads every stage.
"""
