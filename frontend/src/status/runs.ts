// A run in words. Pure.
import type { Run } from '../api/types'
import { text } from '../text'
import { formatDuration } from '../text/format'

export const outcome = (run: Run): string => (run.ended_at === null ? text.status.running : run.exit_code === 0 ? text.status.ok : text.status.failed(run.exit_code ?? -1))
export const took = (run: Run): string => (run.ended_at ? formatDuration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000) : '')
export const cost = (run: Run): string => (run.cost_micro_usd === null ? text.status.costUnknown : text.status.cost((run.cost_micro_usd / 1_000_000).toFixed(4)))
