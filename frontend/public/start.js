// While a new build is put up, the page of one may be sent its files by the other, which does not have them: then neither
// style nor code comes, and nothing of the build itself can say so. This file has the same name in every build. It loads the
// page again, a few times at most: what came before is kept by the browser, so each time fewer files are missing.
addEventListener('load', async function () {
  const styles = [...document.querySelectorAll('link[rel=stylesheet]')]
  const whole = styles.every((link) => link.sheet) && (await window.missingTableStarted) === true
  let tries
  try {
    tries = Number(sessionStorage.getItem('mt.tries') ?? 0)
    if (whole) sessionStorage.removeItem('mt.tries')
    else sessionStorage.setItem('mt.tries', String(tries + 1))
  } catch {
    return // without a memory it would never end
  }
  if (!whole && tries < 8) setTimeout(() => location.reload(), 250 * tries)
})
