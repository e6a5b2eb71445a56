// A page's own title, description and address for the browser, search engines and those who share the link.
import { toValue, watchEffect, type MaybeRefOrGetter } from 'vue'
import { text } from '../text'

export interface PageHead {
  title: string
  description: string
}

function tag(selector: string, make: () => HTMLElement): HTMLElement {
  const found = document.head.querySelector<HTMLElement>(selector)
  if (found) return found
  return document.head.appendChild(make())
}

function meta(attribute: 'name' | 'property', name: string, content: string): void {
  const element = tag(`meta[${attribute}="${name}"]`, () => {
    const made = document.createElement('meta')
    made.setAttribute(attribute, name)
    return made
  })
  element.setAttribute('content', content)
}

/** Sets the head of the page; undefined leaves it as it is (the page is still loading). */
export function usePage(head: MaybeRefOrGetter<PageHead | undefined>): void {
  watchEffect(() => {
    const page = toValue(head)
    if (!page) return
    document.title = `${page.title} · ${text.site.name}`
    meta('name', 'description', page.description)
    meta('property', 'og:title', page.title)
    meta('property', 'og:description', page.description)
    meta('property', 'og:type', 'website')
    meta('property', 'og:site_name', text.site.name)
    meta('property', 'og:url', location.href)
    tag('link[rel="canonical"]', () => Object.assign(document.createElement('link'), { rel: 'canonical' })).setAttribute('href', location.origin + location.pathname)
  })
}
