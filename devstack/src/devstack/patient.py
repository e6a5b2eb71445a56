"""httpx as tests and benches ask our own servers: past every proxy, and patient.

httpx gives up after five seconds without a word. On a machine under load an answer may take longer, and how long it
takes is no test's business: timings live in `./mt bench`.
"""

from __future__ import annotations

from functools import partial

import httpx

PATIENCE_S = 60

get = partial(httpx.get, trust_env=False, timeout=PATIENCE_S)
post = partial(httpx.post, trust_env=False, timeout=PATIENCE_S)
request = partial(httpx.request, trust_env=False, timeout=PATIENCE_S)
stream = partial(httpx.stream, trust_env=False, timeout=PATIENCE_S)
Client = partial(httpx.Client, trust_env=False, timeout=PATIENCE_S)
AsyncClient = partial(httpx.AsyncClient, trust_env=False, timeout=PATIENCE_S)
