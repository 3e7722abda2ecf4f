// Dragging a card between lanes posts the same form as its menu. M then arrows does so by keyboard, Escape undoes.
(() => {
  const board = document.querySelector('[data-board]')
  if (!board) return
  const says = document.querySelector('[data-board-says]')
  const lanes = [...board.querySelectorAll('[data-lane]')]
  const listOf = lane => lane.querySelector('[data-cards]')
  const laneOf = card => card.closest('[data-lane]')
  const tell = text => { if (says) says.textContent = text }

  const post = card => {
    const form = card.querySelector('form[data-move]')
    form.querySelector('[name=stage]').value = laneOf(card).dataset.lane
    form.requestSubmit()
  }

  for (const lane of lanes) {
    new Sortable(listOf(lane), {
      group: 'ladder', draggable: '[data-card]', handle: '[data-grip]', animation: 150, sort: false,
      onStart: event => event.item.classList.add('held'),
      onEnd: event => {
        event.item.classList.remove('held')
        if (event.from !== event.to) post(event.item)
      }
    })
  }

  let held = null
  const put = (card, lane, before) => { listOf(lane).insertBefore(card, before || listOf(lane).firstChild) }
  const letGo = () => { held.card.classList.remove('held'); held.card.querySelector('a').focus(); held = null; tell('') }
  addEventListener('keydown', event => {
    if (event.target.closest('input, select, textarea')) return
    const card = event.target.closest('[data-card]')
    if (!held) {
      if (card && event.key.toLowerCase() === 'm' && !event.ctrlKey && !event.metaKey && !event.altKey) {
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
      const { card: moved, from } = held
      event.preventDefault()
      letGo()
      if (laneOf(moved) !== from) post(moved)
    }
  })
})()
