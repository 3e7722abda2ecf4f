// A card that comes by its own address says so when it could not come, and can be asked for again. What an error page
// says stands in no card.
(() => {
  const cardOf = event => event.detail?.ctx?.sourceElement?.closest?.('[data-to-come]')
  const show = (card, failed) => {
    card.querySelector('[data-wait]').hidden = failed
    card.querySelector('[data-failed]').hidden = !failed
  }
  addEventListener('htmx:before:response', event => {
    const card = cardOf(event)
    if (!card || event.detail.ctx.response.status < 400) return
    event.preventDefault()
    show(card, true)
  })
  addEventListener('htmx:error', event => {
    const card = cardOf(event)
    if (card) show(card, true)
  })
  addEventListener('click', event => {
    const card = event.target.closest('[data-again]')?.closest('[data-to-come]')
    if (!card) return
    event.preventDefault()
    show(card, false)
    card.dispatchEvent(new Event('again'))
  })
})()
