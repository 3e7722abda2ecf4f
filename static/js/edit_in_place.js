// Edits a card where it stands: the form of the edit page is put in its place, and what it sends goes where that page
// sends it. A click on a row begins at its field; Escape puts the card back. Without this the pencil is a link.
(() => {
  const begin = async (link, field) => {
    const card = link.closest('section')
    if (card.dataset.editing) return
    card.dataset.editing = 'yes'
    let form
    try {
      const answer = await fetch(link.href, { credentials: 'same-origin' })
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
      form = answer.ok && page.querySelector('form[data-edit-form]')
    } catch { form = null }
    if (!form) { location.assign(link.href); return }
    form.action = link.href
    const before = [...card.childNodes]
    const back = () => { card.replaceChildren(...before); delete card.dataset.editing; link.focus() }
    form.addEventListener('keydown', event => {
      if (event.key === 'Escape') { event.stopPropagation(); back() }
    })
    const leave = form.querySelector('[data-edit-leave]')
    if (leave) leave.addEventListener('click', event => { event.preventDefault(); back() })
    card.replaceChildren(before.find(node => node.nodeName === 'HEADER').cloneNode(true), form)
    const pencil = card.querySelector('[data-edit-in-place]')
    if (pencil) pencil.remove()
    const first = (field && form.elements[field]) || form.querySelector('input:not([type=hidden]), select, textarea')
    first.focus()
    if (first.select) first.select()
  }
  document.addEventListener('click', event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    const link = event.target.closest('[data-edit-in-place]')
    if (link) { event.preventDefault(); begin(link); return }
    const row = event.target.closest('[data-field]')
    if (!row || event.target.closest('a, button, input') || String(getSelection())) return
    const pencil = row.closest('section').querySelector('[data-edit-in-place]')
    if (pencil) begin(pencil, row.dataset.field)
  })
})()
