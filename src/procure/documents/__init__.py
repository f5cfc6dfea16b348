"""Files by their hash, and papers: PDFs printed from facts by a job.

Owns: file, paper. States: paper queued, printed, failed. A paper can be printed again, byte for
byte, from the facts stored with it.
"""
