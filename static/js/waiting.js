// A list that is asked for anew shows rows without words once it lets wait for longer than 300 ms, for whoever left it
// by a link to the same page or by its form. Without scripts the old list stands until the new one comes.
(() => {
  const list = document.querySelector('[data-waits]')
  if (!list) return
  const waiting = list.querySelector('[data-waiting]')
  let timer
  const show = waits => {
    clearTimeout(timer)
    list.toggleAttribute('aria-busy', waits)
    for (const rows of list.querySelectorAll('[data-rows]')) rows.hidden = waits
    waiting.hidden = !waits
    waiting.querySelector('[role=status]').textContent = waits ? waiting.dataset.says : ''
  }
  const leave = () => { clearTimeout(timer); timer = setTimeout(show, 300, true) }
  list.addEventListener('click', event => {
    const link = event.target.closest('a[href]')
    const isOther = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey
    if (link && !isOther && !event.defaultPrevented && link.pathname === location.pathname && !link.hash) leave()
  })
  list.addEventListener('submit', event => { if (event.target.method === 'get') leave() })
  // Escape stops the way there, and a page that comes back stands as it was.
  addEventListener('keydown', event => { if (event.key === 'Escape') show(false) })
  addEventListener('pageshow', event => { if (event.persisted) show(false) })
})()
