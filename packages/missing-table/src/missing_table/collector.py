"""How seldom Python's garbage collector looks at what stays, for the processes that serve and that land messages."""

import gc


def collect_seldom() -> None:
    """Call when everything is imported and made. A request or a message is many short-lived objects: the collector need
    not look at the rest each time, and a full collection would stop everything for it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
