"""What was used, out of llm_calls: four token counts and the cost, by user, model or day."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

By = Literal["user", "model", "day"]
KEYS = {
    "user": "username",
    "model": "model",
    "day": "to_char(started_at at time zone 'UTC', 'YYYY-MM-DD')",
}


def usage(connection: psycopg.Connection[Any], by: By, since: date | None = None) -> list[dict[str, Any]]:
    """Rows of `{by, calls, input_tokens, cache_write_tokens, cache_read_tokens, output_tokens, tokens_in, tokens_out,
    cost_micro_usd, calls_without_price, estimated_calls}`. The cost is null when the price of any call is unknown; what
    the others cost stands in `known_cost_micro_usd`."""
    query = sql.SQL(
        """select {key} as key, count(*) as calls,
                  sum(input_tokens)::bigint as input_tokens, sum(cache_write_tokens)::bigint as cache_write_tokens,
                  sum(cache_read_tokens)::bigint as cache_read_tokens, sum(output_tokens)::bigint as output_tokens,
                  sum(input_tokens + cache_write_tokens + cache_read_tokens)::bigint as tokens_in,
                  sum(output_tokens)::bigint as tokens_out,
                  case when count(*) = count(cost_micro_usd) then sum(cost_micro_usd)::bigint end as cost_micro_usd,
                  coalesce(sum(cost_micro_usd), 0)::bigint as known_cost_micro_usd,
                  count(*) - count(cost_micro_usd) as calls_without_price,
                  count(*) filter (where estimated) as estimated_calls
           from public.llm_calls
           where %s::date is null or started_at >= %s::date::timestamp at time zone 'UTC'
           group by 1 order by 1"""
    ).format(key=sql.SQL(KEYS[by]))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, [since, since]).fetchall()
    return [{by: row.pop("key"), **row} for row in rows]
