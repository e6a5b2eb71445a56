// The site's addresses. Every view has one; what a view shows beyond its page stands in the query.
import { createRouter, createWebHistory } from 'vue-router'
import BracketPage from './brackets/BracketPage.vue'

/** A page whose code cannot be had (a new version was put up, or there is no connection): load it whole. */
function reloadInstead(fault: unknown, to: string): void {
  const here = location.pathname + location.search
  if (!(fault instanceof TypeError) || to === here) throw fault // loading it again would not help
  location.assign(to)
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', component: () => import('./brackets/HomePage.vue') },
    { path: '/:season(\\d{4}-\\d{2})/:league/:age/:division', name: 'bracket', component: BracketPage, props: true },
    { path: '/teams/:id(\\d+)', name: 'team', component: () => import('./teams/TeamPage.vue'), props: true },
    { path: '/matches/:id(\\d+)', name: 'match', component: () => import('./matches/MatchPage.vue'), props: true },
    { path: '/clubs/:id(\\d+)', name: 'club', component: () => import('./clubs/ClubPage.vue'), props: true },
    { path: '/search', name: 'search', component: () => import('./search/SearchPage.vue') },
    { path: '/status', name: 'status', component: () => import('./status/StatusPage.vue') },
    { path: '/about', name: 'about', component: () => import('./about/AboutPage.vue') },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./about/MissingPage.vue') },
  ],
  scrollBehavior(to, from, saved) {
    if (saved) return saved
    if (to.path === from.path) return false
    return to.hash ? { el: to.hash } : { top: 0 }
  },
})

router.onError((fault, to) => reloadInstead(fault, to.fullPath))
