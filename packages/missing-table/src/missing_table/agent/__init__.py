"""What the agent asks before a run and after it: summary, sources, receipts, runs, freshness."""
