// The site's addresses. Every view has one; what a view shows beyond its page stands in the query.
import { ref } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import BracketPage from './brackets/BracketPage.vue'
import { withWords } from './text'

/** The page that could not be gone to for want of a connection. */
export const unreached = ref<string>()

/** A page whose code cannot be had: a new version was put up, so load it whole; or there is no connection, so say so. */
function codeMissing(fault: unknown, to: string): void {
  const here = location.pathname + location.search
  const style = fault instanceof Error && fault.message.startsWith('Unable to preload CSS') // vite's own words
  if (!(fault instanceof TypeError || style)) throw fault
  if (!navigator.onLine || to === here) unreached.value = to
  else location.assign(to)
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', component: () => import('./brackets/HomePage.vue') },
    { path: '/:season(\\d{4}-\\d{2})/:league/:age/:division', name: 'bracket', component: BracketPage, props: true },
    { path: '/:season(\\d{4}-\\d{2})/:league/:age/:division/what-if', name: 'what-if', component: () => withWords(() => import('./tables/WhatIfPage.vue'), 'whatIf'), props: true },
    { path: '/teams/:id(\\d+)', name: 'team', component: () => withWords(() => import('./teams/TeamPage.vue'), 'calendar'), props: true },
    { path: '/matches/:id(\\d+)', name: 'match', component: () => withWords(() => import('./matches/MatchPage.vue'), 'chances'), props: true },
    { path: '/clubs/:id(\\d+)', name: 'club', component: () => withWords(() => import('./clubs/ClubPage.vue'), 'calendar'), props: true },
    { path: '/insights', name: 'insights', component: () => withWords(() => import('./insights/InsightsPage.vue'), 'insights') },
    { path: '/search', name: 'search', component: () => withWords(() => import('./search/SearchPage.vue'), 'search') },
    { path: '/status', name: 'status', component: () => withWords(() => import('./status/StatusPage.vue'), 'status') },
    { path: '/admin/:part?', name: 'admin', component: () => withWords(() => import('./admin/AdminPage.vue'), 'admin', 'status', 'search'), props: true },
    { path: '/about', name: 'about', component: () => withWords(() => import('./about/AboutPage.vue'), 'about') },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./about/MissingPage.vue') },
  ],
  scrollBehavior(to, from, saved) {
    if (saved) return saved
    if (to.path === from.path) return false
    return to.hash ? { el: to.hash } : { top: 0 }
  },
})

router.onError((fault, to) => codeMissing(fault, to.fullPath))
router.afterEach(() => void (unreached.value = undefined))
