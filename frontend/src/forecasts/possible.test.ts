import { describe, expect, it } from 'vitest'
import { supposedWay, sureSteps, type TeamOutlook } from './possible'

const way = { match_id: 7, home_score: 0, away_score: 0, home_shootout: null, away_shootout: null }

describe('a way', () => {
  it('keeps who won the shoot-out, and leaves it out where there is none', () => {
    expect(supposedWay(way)).toEqual({ match_id: 7, home_score: 0, away_score: 0 })
    expect(supposedWay({ ...way, home_shootout: 4, away_shootout: 5 })).toEqual({ match_id: 7, home_score: 0, away_score: 0, shootout: 'away' })
  })
})

describe('points that make a place sure', () => {
  it('name the best place alone where several take the same points, and none where no points do', () => {
    const to_secure = [
      { place: 1, points: null },
      { place: 2, points: 9 },
      { place: 3, points: 4 },
      { place: 4, points: 4 },
      { place: 5, points: 0 },
    ]
    expect(sureSteps({ to_secure } as TeamOutlook)).toEqual([
      { place: 2, points: 9 },
      { place: 3, points: 4 },
      { place: 5, points: 0 },
    ])
  })
})
