// The button of a form that is on its way says so, and nothing is sent twice. Whoever stops the way by Escape, comes back
// to the page, or waits for long has the button again.
(() => {
  const SECONDS = 20
  const button = document.querySelector('button[data-sending]')
  if (!button) return
  const words = button.textContent
  const says = document.querySelector('[data-sending-says]')
  let timer
  const show = sends => {
    clearTimeout(timer)
    button.ariaDisabled = String(sends)
    button.textContent = sends ? button.dataset.sending : words
    says.textContent = sends ? button.dataset.sending : ''
  }
  button.form.addEventListener('submit', event => {
    if (button.ariaDisabled === 'true') { event.preventDefault(); return }
    show(true)
    timer = setTimeout(show, SECONDS * 1000, false)
  })
  addEventListener('keydown', event => { if (event.key === 'Escape') show(false) })
  addEventListener('pageshow', event => { if (event.persisted) show(false) })
})()
