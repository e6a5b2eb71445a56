"""From the queue into the database: task, merge, receipts, quarantine. It knows no source and serves no page."""
