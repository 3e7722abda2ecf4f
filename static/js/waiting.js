// What is asked for anew shows lines without words once it lets wait for longer than 300 ms, for whoever left it by a
// link to the same page or by its form. Without scripts the old stands until the new comes.
// What has data-in-place comes without the page being left: where it cannot come, the old stays and says of when it is.
(() => {
  const part = document.querySelector('[data-waits]')
  if (!part) return
  let timer
  let asked
  const show = waits => {
    clearTimeout(timer)
    part.ariaBusy = String(waits)
    for (const rows of part.querySelectorAll('[data-rows]')) rows.hidden = waits
    for (const lines of part.querySelectorAll('[data-waiting]')) lines.hidden = !waits
    const says = part.querySelector('[data-says]')
    says.querySelector('[role=status]').textContent = waits ? says.dataset.says : ''
  }
  const leave = () => { clearTimeout(timer); timer = setTimeout(show, 300, true) }

  const fail = url => {
    const failed = part.querySelector('[data-failed]')
    failed.querySelector('[data-again]').href = url
    failed.hidden = false
    show(false)
  }
  const fetchHere = async (url, place) => {
    const own = asked = new AbortController()
    try {
      const answer = await fetch(url, { signal: own.signal })
      if (answer.redirected) { location = url; return }
      if (!answer.ok) throw new Error(answer.status)
      const come = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-waits]')
      show(false)
      part.replaceChildren(...come.childNodes)
      history.replaceState(null, '', url)
      const same = [...part.querySelectorAll('a')].find(link => link.getAttribute('href') === place)
      if (same) same.focus({ preventScroll: true })
    } catch {
      if (own === asked) fail(url)
    }
  }

  part.addEventListener('click', event => {
    const link = event.target.closest('a[href]')
    const isOther = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey
    if (!link || isOther || event.defaultPrevented || link.pathname !== location.pathname || link.hash) return
    leave()
    if (!('inPlace' in part.dataset)) return
    event.preventDefault()
    asked?.abort()
    part.querySelector('[data-failed]').hidden = true
    fetchHere(link.href, link.search)
  })
  part.addEventListener('submit', event => { if (event.target.method === 'get') leave() })
  // Escape stops the way there, and a page that comes back stands as it was.
  addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    asked?.abort()
    asked = null
    show(false)
  })
  addEventListener('pageshow', event => { if (event.persisted) show(false) })
})()
