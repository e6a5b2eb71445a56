// @vitest-environment jsdom
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import type { TableRow } from '../api/types'
import StandingsTable from './StandingsTable.vue'

const row = (position: number, name: string, points: number, played: number): TableRow => ({
  position,
  previous_position: 2,
  team: { id: position, name, short_name: null, club_id: null, crest_url: null },
  played,
  won: 1,
  tied: 0,
  shootouts_won: 0,
  lost: 0,
  goals_for: 3,
  goals_against: 1,
  goal_difference: 2,
  points,
  points_per_match: points / played,
  form: [{ match_id: position, result: 'W' }],
  separated_by: position < 3 ? 'points_per_match' : null,
})

const rows = [row(1, 'Harbor FC', 9, 3), row(2, 'Quarry SC', 10, 4), row(3, 'Mill Town', 6, 6)]

let router: Router
beforeEach(async () => {
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: {} }] })
  await router.push('/?split=home')
})

function table(width: 'phone' | 'wide') {
  vi.stubGlobal('matchMedia', () => ({ matches: width === 'wide', addEventListener: () => {}, removeEventListener: () => {} }))
  return mount(StandingsTable, { props: { rows, caption: 'U14' }, global: { plugins: [router], stubs: { RouterLink: RouterLinkStub } } })
}
const names = (wrapper: ReturnType<typeof table>): string[] => wrapper.findAll('.team-name__text').map((cell) => cell.text())

describe('the table', () => {
  beforeEach(() => vi.unstubAllGlobals())

  test('on a phone a tap on a team says why it stands above the next', async () => {
    const wrapper = table('phone')
    await wrapper.findAll('button.team-name')[0]!.trigger('click')
    expect(wrapper.find('tr.why').text()).toContain('Harbor FC stands above Quarry SC by points per match: 3.00 against 2.50.')
    await wrapper.findAll('button.team-name')[0]!.trigger('click')
    expect(wrapper.find('tr.why').exists()).toBe(false)
  })

  test('on a wide screen the team is a link to its page, and the position opens the reason', async () => {
    const wrapper = table('wide')
    expect(wrapper.findAllComponents(RouterLinkStub)[0]!.props('to')).toBe('/teams/1')
    await wrapper.find('button.why-toggle').trigger('click')
    expect(wrapper.find('tr.why').exists()).toBe(true)
  })

  test('sorting announces itself, keeps the reason by the league’s order, and the third tap undoes it', async () => {
    const wrapper = table('wide')
    const points = wrapper.findAll('button.sort').find((button) => button.text().startsWith('Pts'))!
    const tap = async (): Promise<void> => {
      await points.trigger('click')
      await flushPromises()
    }
    await tap()
    expect(names(wrapper)).toEqual(['Quarry SC', 'Harbor FC', 'Mill Town'])
    expect(router.currentRoute.value.query).toEqual({ split: 'home', sort: '-points' })
    expect(wrapper.find('[aria-sort]').attributes('aria-sort')).toBe('descending')
    expect(wrapper.find('[aria-live]').text()).toBe('Sorted by Points, highest first')
    await wrapper.findAll('button.why-toggle')[1]!.trigger('click')
    expect(wrapper.find('tr.why').text()).toContain('Harbor FC stands above Quarry SC')
    await tap()
    expect(router.currentRoute.value.query.sort).toBe('points')
    await tap()
    expect(names(wrapper)).toEqual(['Harbor FC', 'Quarry SC', 'Mill Town'])
    expect(router.currentRoute.value.fullPath).toBe('/?split=home')
  })

  test('an address with a sort opens sorted; one that means nothing leaves the league’s order', async () => {
    await router.push('/?sort=-points')
    expect(names(table('wide'))).toEqual(['Quarry SC', 'Harbor FC', 'Mill Town'])
    await router.push('/?sort=constructor')
    expect(names(table('wide'))).toEqual(['Harbor FC', 'Quarry SC', 'Mill Town'])
  })

  test('movement is said in words too', () => {
    expect(table('phone').findAll('.c-move').map((cell) => cell.text())).toEqual(['Movement', '▲Up from 2', '', '▼Down from 2'])
  })
})
