"""What has to be done by when: duties that the system creates by itself from the legal calendar.

Owns: task. States: open, done, dropped. Every stage creates and closes tasks; `desk` shows them.
"""
