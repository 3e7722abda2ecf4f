// The letter editor: chips put a merge tag where the cursor is, and words that were not saved are kept in this browser.
(() => {
  const form = document.querySelector("form[data-letter]")
  if (!form) return
  const names = ["name", "subject", "preheader", "body", "button_label", "button_url", "text_body"]
  const taking = ["subject", "preheader", "body", "button_label", "text_body"]
  const field = name => form.elements[name]
  let last = field("body")

  for (const name of taking) field(name).addEventListener("focus", event => { last = event.target })
  for (const chip of form.querySelectorAll("[data-insert]")) {
    chip.addEventListener("click", () => {
      last.focus()
      last.setRangeText(chip.dataset.insert, last.selectionStart, last.selectionEnd, "end")
      last.dispatchEvent(new Event("input", { bubbles: true }))
    })
  }

  const key = `letter:${location.pathname}`
  const now = () => JSON.stringify(Object.fromEntries(names.map(name => [name, field(name).value])))
  const onPage = now()
  const note = form.querySelector("[data-letter-kept]")
  const read = () => { try { return localStorage.getItem(key) } catch { return null } }
  const write = text => { try { text === null ? localStorage.removeItem(key) : localStorage.setItem(key, text) } catch { /* a full or closed store keeps nothing */ } }

  // A page that shows a fault shows typed words, not saved ones: what is kept stays kept.
  const isSaved = form.hasAttribute("data-saved")
  const asNew = `letter:${location.pathname.replace(/[^/]+\/$/, "new/")}`
  try { if (isSaved && localStorage.getItem(asNew) === onPage) localStorage.removeItem(asNew) } catch { /* see above */ }
  const kept = read()
  if (kept === onPage) { if (isSaved) write(null) } else if (kept) note.hidden = false
  note.querySelector("[data-letter-bring]").addEventListener("click", () => {
    for (const [name, text] of Object.entries(JSON.parse(kept))) if (names.includes(name)) field(name).value = text
    note.hidden = true
    field("body").focus()
  })
  note.querySelector("[data-letter-forget]").addEventListener("click", () => { write(null); note.hidden = true })
  form.addEventListener("input", () => write(isSaved && now() === onPage ? null : now()))
})()
