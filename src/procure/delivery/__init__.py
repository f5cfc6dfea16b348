"""What happens in a group: referral, training days, attendance, plans, employer visits.

Owns: service_group, group_facilitator, training_day, participant, attendance, plan, employer,
employer_visit, visit_participant. States of a group: planned, running, completed.
"""
