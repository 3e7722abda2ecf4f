// Switch light or dark at once; the form itself still tells the server, so the choice follows the person.
(() => {
  const root = document.documentElement
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches
  const show = theme => {
    if (theme === 'system') delete root.dataset.theme
    else root.dataset.theme = theme
    for (const button of document.querySelectorAll('[data-theme-form] [aria-pressed]')) {
      button.setAttribute('aria-pressed', String(button.value === theme))
    }
  }
  addEventListener('submit', event => {
    const form = event.target.closest('[data-theme-form]')
    if (!form) return
    event.preventDefault()
    const button = event.submitter
    const theme = button.hasAttribute('data-theme-toggle') ? (isDark() ? 'light' : 'dark') : button.value
    show(theme)
    const body = new FormData(form)
    body.set('theme', theme)
    fetch(form.action, { method: 'POST', body, headers: { 'HX-Request': 'true' } })
  })
})()
