"""An LLM gateway that is metered by RADIUS: who may call, how much, what was used. Knows no soccer.

`proxy` is the way of a request; `sessions` who is in and what is left; `budget`, `ladder`, `usage`, `prices` and `body`
are pure; `journal` is what survives a crash; `radius`, `coa`, `calls` and `upstream` reach the world outside.
"""
