"""What holds for every page at every width in both themes: nothing overflows, axe is content, targets can be hit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import NAMES, Site, Visit, resize, settled, violations

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

# Where axe looks: the phone's and the desk's layout, and the other theme once (its colours do not depend on width).
AXED = {(390, "light"), (390, "dark"), (1280, "light")}

# A link inside running text is exempt (WCAG 2.5.8): it has inline layout.
SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, select, input, summary')].flatMap(element => {
  const box = element.getBoundingClientRect(), style = getComputedStyle(element)
  if (!box.width || style.display === 'inline' || element.closest('.skip')) return []
  return box.width < 24 || box.height < 24 ? [`${element.outerHTML.slice(0, 90)} ${box.width}x${box.height}`] : []
})"""

# Visible text whose own box is wider than what holds it, where nothing scrolls or clamps it on purpose.
OVERFLOWING = """() => [...document.querySelectorAll('main *')].filter(element =>
  !element.closest('.scroll-x, .segments, .visually-hidden, svg')
  && element.checkVisibility() && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(element => element.outerHTML.slice(0, 90))"""


# Pairs of pieces of visible text that lie on each other. What is cut on purpose is left out: only its box is seen.
OVERLAPPING = """() => {
  const cut = '.visually-hidden, .team-name__text, .match__venue, .scroll-x, .segments, .suppose-said, svg, select, sup'
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT), pieces = []
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement
    if (!node.data.trim() || holder.closest(cut) || !holder.checkVisibility()) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const box of range.getClientRects()) pieces.push({node, box})
  }
  return pieces.flatMap(({node, box}, index) => pieces.slice(index + 1).filter(other => other.node !== node
    && Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 2
    && Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 4
  ).map(other => `${node.data.trim()} on ${other.node.data.trim()}`))
}"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_every_width_and_is_accessible_in_both_themes(
    name: str, site: Site, visit: Callable[..., Visit]
) -> None:
    if name not in site.pages:
        pytest.skip("the leader of this bracket has no club")
    seen = visit(site.pages[name])
    page = seen.page
    for width in (320, 390, 768, 1280):
        resize(page, width)
        where = f"{name} at {width}"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
        assert page.evaluate(OVERFLOWING) == [], where
        assert page.evaluate(OVERLAPPING) == [], where
        assert page.evaluate(SMALL_TARGETS) == [], where
        for scheme in ("light", "dark"):
            if (width, scheme) in AXED:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                assert violations(page) == [], f"{where} {scheme}"
    for menu in page.locator("summary").all():
        menu.click()  # the last width is 1280: back to the narrowest with everything open
    resize(page, 320)
    assert page.evaluate(OVERFLOWING) == [], f"{name} with its menus open"
    assert page.evaluate(SMALL_TARGETS) == [], f"{name} with its menus open"
    assert [line for line in seen.complaints if "404" not in line] == []


def test_every_page_has_its_own_title_and_description(site: Site, visit: Callable[..., Visit]) -> None:
    views = {"matches", "chances", "grid", "chart"}  # of the same page
    heads = []
    for name, path in site.pages.items():
        if name in views:
            continue
        page = visit(path).page
        description = page.locator('meta[name="description"]').first.get_attribute("content")
        assert page.locator('meta[property="og:title"]').get_attribute("content") in page.title(), name
        assert page.locator('meta[property="og:description"]').get_attribute("content") == description, name
        assert page.locator("h1").count() == 1, name
        heads.append((page.title(), description))
    assert len({title for title, _ in heads}) == len(heads), heads
    assert len({description for _, description in heads}) == len(heads), heads
    assert all(description for _, description in heads)


def test_two_hundred_per_cent_zoom_loses_nothing(site: Site, visit: Callable[..., Visit]) -> None:
    """1280 px at 200 %, and on top of it type of twice the size."""
    page = visit(site.bracket["path"], width=640).page
    for path in (site.bracket["path"], f"/teams/{site.team['id']}", site.pages["what-if"]):
        page.goto(path)
        settled(page)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(OVERFLOWING) == [], path


# The focused element against the sticky bar: `bar` is where the bar ends, -1 for what stands in the bar itself.
FOCUSED = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect()
  const bar = it.closest('.top') ? -1 : document.querySelector('.top').getBoundingClientRect().bottom
  return {html: it.outerHTML.slice(0, 80), outline: getComputedStyle(it).outlineStyle, end: it === document.body,
          seen: box.bottom > bar && box.top < innerHeight, under: box.top < bar}
}"""


def test_focus_is_visible_and_never_under_the_bar(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    walked = []
    for _ in range(60):
        page.keyboard.press("Tab")
        walked.append(page.evaluate(FOCUSED))
        if walked[-1]["end"]:
            break
    assert len(walked) > 20
    assert [step for step in walked if not step["end"] and (step["outline"] == "none" or not step["seen"])] == []


def test_walking_backwards_never_ends_under_the_bar(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"]).page
    page.locator(".foot a").last.focus()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    under = []
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        under.append(page.evaluate(FOCUSED))
    assert [step for step in under if step["under"]] == []
