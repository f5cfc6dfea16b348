"""What is needed: caseworkers' requests, their analysis, and the basis a tender is made from.

Owns: request, basis, basis_request. States of a request: recorded, planned, tendered, placed,
referred-out, refused. Whether a client belongs in the service or to the municipality first is the
caseworker's judgement and comes with the request; the analysis counts it and forms groups.
Source: domain model 9.3; the analysis is in `rules.groups`.
"""
