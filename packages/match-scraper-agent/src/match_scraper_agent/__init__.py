"""The agent: plans a run, reads, submits, waits for receipts, reports the truth."""
