// Single keys: G and a letter go to a place of the menu, J and K walk a list, X ticks, E edits, ? shows them all. They rest while
// somebody types or a dialog is open, and can be switched off. The menu of the account opens the dialog without a key.
(() => {
  const help = document.querySelector('[data-keys-help]')
  if (!help) return
  const KEPT = 'single-keys'
  const on = help.querySelector('[data-keys-on]')
  on.checked = localStorage.getItem(KEPT) !== 'off'
  on.addEventListener('change', () => localStorage.setItem(KEPT, on.checked ? 'on' : 'off'))
  for (const opener of document.querySelectorAll('[data-keys-open]')) {
    opener.hidden = false
    opener.addEventListener('click', () => { opener.closest('[popover]').hidePopover(); help.showModal() })
  }
  let gone = 0

  const rows = () => [...document.querySelectorAll('tbody tr')].filter(row => row.querySelector('a'))
  const walk = by => {
    const all = rows(), here = all.findIndex(row => row.contains(document.activeElement))
    const row = all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))]
    if (row) row.querySelector('a').focus()
  }
  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target.closest('input:not([type=checkbox]), select, textarea, dialog, [popover], [contenteditable]')) return
    if (!on.checked) return
    if (event.key === '?') { help.showModal(); event.preventDefault(); return }
    const key = event.key.toLowerCase()
    if (gone && Date.now() - gone < 1500) {
      gone = 0
      const place = document.querySelector(`[data-go="${CSS.escape(key)}"]`)
      if (place) { event.preventDefault(); location.assign(place.href) }
      return
    }
    if (key === 'g') gone = Date.now()
    else if (key === 'j' || key === 'k') walk(key === 'j' ? 1 : -1)
    else if (key === 'e') {
      const pencil = document.querySelector('[data-edit-in-place]')
      if (pencil) { event.preventDefault(); pencil.click() }
    } else if (key === 'x') {
      const row = document.activeElement.closest('tbody tr')
      const box = row && row.querySelector('input[type=checkbox]')
      if (box) box.click()
    }
  })
})()
