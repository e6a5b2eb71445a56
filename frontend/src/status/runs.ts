// A run in words. Pure.
import type { Run } from '../api/types'
import { wordsOf } from '../text'
import { formatDuration } from '../text/format'

export const outcome = (run: Run): string => (run.ended_at === null ? wordsOf('status').running : run.exit_code === 0 ? wordsOf('status').ok : wordsOf('status').failed(run.exit_code ?? -1))
export const took = (run: Run): string => (run.ended_at ? formatDuration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000) : '')
export const cost = (run: Run): string => (run.cost_micro_usd === null ? wordsOf('status').costUnknown : wordsOf('status').cost((run.cost_micro_usd / 1_000_000).toFixed(4)))
