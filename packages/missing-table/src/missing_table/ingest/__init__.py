"""From the queue into the database: task, merge, receipts, quarantine. It knows no source and serves no page.

`deliver` lands one message without a broker; the Celery task does the same over a connection that it keeps.
"""

from missing_table.ingest.land import deliver, land

__all__ = ["deliver", "land"]
