// Moving a card on the board. Dragging it, its menu, and M with the arrows post the same form; where a reason is
// needed the answer is the question, which opens in a dialog. A card that could not be moved goes back to its lane.
(() => {
  const board = document.querySelector('[data-board]')
  if (!board) return
  const says = document.querySelector('[data-board-says]')
  const why = document.querySelector('[data-why]')
  const lanes = [...board.querySelectorAll('[data-lane]')]
  const listOf = lane => lane.querySelector('[data-cards]')
  const laneOf = card => card.closest('[data-lane]')
  const tell = text => { says.textContent = text }
  const put = (card, lane, before) => { listOf(lane).insertBefore(card, before || listOf(lane).firstChild) }
  const KEPT = 'ladder-moved'

  const toast = text => {
    const shown = document.createElement('div')
    shown.className = 'toast'
    shown.textContent = text
    document.getElementById('toasts').append(shown)
    setTimeout(() => shown.remove(), 8000)
  }

  // What is on its way: the card, where it stood, and whether the keyboard moved it.
  let moving = null
  const putBack = () => {
    if (!moving) return
    put(moving.card, moving.from, moving.before)
    moving.card.querySelector('a').focus({ preventScroll: true })
    moving = null
  }

  const ask = html => {
    why.querySelector('[data-why-form]').innerHTML = html
    if (!why.open) why.showModal()
    const words = why.querySelector('[name=reason]')
    words.focus()
  }

  const send = async (form, given) => {
    why.setAttribute('aria-busy', 'true')
    try {
      const answer = await fetch(form.action, {
        method: 'POST', body: given, redirect: 'manual', headers: { 'X-Board': '1' }
      })
      if (answer.type === 'opaqueredirect') {
        sessionStorage.setItem(KEPT, JSON.stringify({ id: moving.card.id, keys: moving.keys, left: board.scrollLeft }))
        moving = null
        location.reload()
        return
      }
      if (answer.status !== 422) throw new Error(answer.status)
      ask(await answer.text())
    } catch {
      const name = moving.card.querySelector('a').textContent
      if (why.open) why.close('sent')
      putBack()
      toast(board.dataset.failed.replace('%s', name))
    } finally {
      why.removeAttribute('aria-busy')
    }
  }

  const move = (card, from, before, keys) => {
    const form = card.querySelector('form[data-move]')
    form.querySelector('[name=stage]').value = laneOf(card).dataset.lane
    moving = { card, from, before, keys }
    send(form, new FormData(form))
  }

  addEventListener('submit', event => {
    const form = event.target
    if (form.matches('[data-board] form[data-move]')) {
      event.preventDefault()
      const card = form.closest('[data-card]')
      moving = { card, from: laneOf(card), before: card.nextSibling, keys: false }
      form.querySelector('details').open = false
      send(form, new FormData(form, event.submitter))
    } else if (why.contains(form)) {
      event.preventDefault()
      send(form, new FormData(form, event.submitter))
    }
  })

  why.addEventListener('click', event => {
    if (!event.target.closest('[data-not-now]')) return
    event.preventDefault()
    why.close()
  })
  why.addEventListener('close', putBack)

  for (const lane of lanes) {
    new Sortable(listOf(lane), {
      group: 'ladder', draggable: '[data-card]', handle: '[data-grip]', animation: 150, sort: false, scroll: board,
      scrollSensitivity: 60, scrollSpeed: 14,
      onStart: event => { event.item.classList.add('held'); board.classList.add('moving') },
      onEnd: event => {
        event.item.classList.remove('held')
        board.classList.remove('moving')
        if (event.from !== event.to) {
          const cards = event.from.querySelectorAll('[data-card]')
          move(event.item, event.from.closest('[data-lane]'), cards[event.oldDraggableIndex], false)
        }
      }
    })
  }

  let held = null
  const keysWork = () => localStorage.getItem('single-keys') !== 'off'
  const letGo = () => { held.card.classList.remove('held'); held.card.querySelector('a').focus(); held = null; tell('') }
  // Whoever goes elsewhere has let go of it: it stands where it stood, and their keys are for where they are.
  const leave = event => {
    if (!held || held.card.contains(event.target)) return
    put(held.card, held.from, held.before)
    held.card.classList.remove('held')
    held = null
    tell('')
  }
  addEventListener('focusin', leave)
  addEventListener('pointerdown', leave)
  addEventListener('keydown', event => {
    if (event.target.closest('input, select, textarea, dialog')) return
    const card = event.target.closest('[data-card]')
    if (!held) {
      if (card && keysWork() && event.key.toLowerCase() === 'm' && !event.ctrlKey && !event.metaKey && !event.altKey) {
        held = { card, from: laneOf(card), before: card.nextSibling }
        card.classList.add('held')
        tell(board.dataset.helpMoving)
        event.preventDefault()
      }
      return
    }
    const here = lanes.indexOf(laneOf(held.card))
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
      const lane = lanes[here + (event.key === 'ArrowRight' ? 1 : -1)]
      if (lane) { put(held.card, lane); held.card.querySelector('a').focus(); tell(lane.dataset.label) }
      event.preventDefault()
    } else if (event.key === 'Escape') {
      put(held.card, held.from, held.before)
      letGo()
    } else if (event.key === 'Enter') {
      const { card: moved, from, before } = held
      event.preventDefault()
      letGo()
      if (laneOf(moved) !== from) move(moved, from, before, true)
    }
  })

  // After a move the page is read anew: the keyboard goes on from the card, a finger from the lane it looked at.
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || 'null')
  sessionStorage.removeItem(KEPT)
  if (kept) {
    board.scrollLeft = kept.left
    const card = document.getElementById(kept.id)
    if (card && kept.keys) card.querySelector('a').focus()
  }
})()
