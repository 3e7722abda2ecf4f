// What is asked for while the page stays says so when it could not come, and can be asked for again. What was there
// stays there, and what an error page says stands nowhere. Whoever is signed out meanwhile is led to sign in.
(() => {
  const show = (card, failed) => {
    card.querySelector('[data-wait]').hidden = failed
    card.querySelector('[data-failed]').hidden = !failed
  }
  const said = new WeakMap()
  const fail = source => {
    const card = source.closest('[data-to-come]')
    if (card) { show(card, true); return }
    const words = document.getElementById('not-come').content.cloneNode(true).firstElementChild
    said.get(source)?.remove()
    said.set(source, words)
    // A link is pressed once more; what asks by itself is asked for with the whole page.
    words.querySelector('[data-again]').addEventListener('click', () => {
      if (!source.matches('a')) { location.reload(); return }
      source.focus()
      source.click()
    })
    source.after(words)
  }
  const sourceOf = event => event.detail?.ctx?.sourceElement
  addEventListener('htmx:before:request', event => {
    said.get(sourceOf(event))?.remove()
  })
  addEventListener('htmx:before:response', event => {
    const source = sourceOf(event)
    const { hx, response } = event.detail.ctx
    if (!source || response.status < 400 || hx.redirect) return
    event.preventDefault()
    fail(source)
  })
  addEventListener('htmx:error', event => {
    const source = sourceOf(event)
    if (source?.isConnected) fail(source)
  })
  addEventListener('click', event => {
    const card = event.target.closest('[data-again]')?.closest('[data-to-come]')
    if (!card) return
    event.preventDefault()
    show(card, false)
    card.dispatchEvent(new Event('again'))
  })
})()
