"""What is needed: caseworkers' requests, their analysis, and the basis a tender is made from.

Owns: request, basis, basis_request. States of a request: recorded, planned, tendered, placed,
referred-out, refused. Source: domain model 9.3; analysis rule in `rules`.
"""
