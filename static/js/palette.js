// The palette: Ctrl K or its link opens it, typing asks the server after a pause, arrows choose, Enter goes, Escape
// closes and the keyboard is where it was. Without scripts the link leads to a page that does the same.
(() => {
  const palette = document.querySelector('[data-palette]')
  if (!palette) return
  const field = palette.querySelector('[data-palette-field]')
  const list = palette.querySelector('[data-palette-list]')
  const says = palette.querySelector('[data-palette-says]')
  const failed = palette.querySelector('[data-palette-failed]')
  let waiting = 0, asked = null

  const options = () => [...list.querySelectorAll('a[role=option]')]
  const choose = option => {
    for (const one of options()) one.setAttribute('aria-selected', one === option)
    if (option) { field.setAttribute('aria-activedescendant', option.id); option.scrollIntoView({ block: 'nearest' }) }
    else field.removeAttribute('aria-activedescendant')
  }
  const ask = async () => {
    if (asked) asked.abort()
    const mine = asked = new AbortController()
    try {
      const answer = await fetch(`${palette.dataset.url}?q=${encodeURIComponent(field.value)}`, {
        headers: { 'HX-Request': 'true' }, signal: mine.signal
      })
      if (answer.status === 401) { location.assign(answer.headers.get('HX-Redirect') || palette.dataset.url); return }
      if (!answer.ok) throw new Error(answer.status)
      list.innerHTML = await answer.text()
      failed.hidden = true
      const count = options().length
      says.textContent = count === 1 ? says.dataset.one : says.dataset.many.replace('%s', count)
      choose(field.value ? options()[0] : null)
    } catch (error) {
      if (error.name !== 'AbortError') { list.replaceChildren(); choose(null); failed.hidden = false }
    }
  }
  const open = () => {
    if (palette.open) return
    field.value = ''
    palette.showModal()
    ask()
  }

  field.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(ask, 150) })
  field.addEventListener('keydown', event => {
    const all = options(), here = all.findIndex(one => one.getAttribute('aria-selected') === 'true')
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (all.length) choose(all[(here + (event.key === 'ArrowDown' ? 1 : here < 0 ? 0 : -1) + all.length) % all.length])
    } else if (event.key === 'Enter') {
      event.preventDefault()
      if (here >= 0) all[here].click()
      else if (field.value) location.assign(`${palette.dataset.url}?q=${encodeURIComponent(field.value)}`)
    }
  })
  palette.addEventListener('close', () => clearTimeout(waiting))
  palette.addEventListener('click', event => { if (event.target === palette) palette.close() })
  addEventListener('click', event => {
    if (event.target.closest('[data-palette-open]') && !event.ctrlKey && !event.metaKey) { event.preventDefault(); open() }
  })
  addEventListener('keydown', event => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault()
      if (palette.open) palette.close()
      else if (!document.querySelector('dialog:modal')) open()
    }
  })
})()
