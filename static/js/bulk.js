// The bar of what can be done with ticked people: hidden until somebody is ticked, counting them. Without scripts the
// bar simply stands below the table.
(() => {
  const bar = document.querySelector('[data-bulk]')
  if (!bar) return
  const boxes = [...document.querySelectorAll('input[name=person][form=bulk]')]
  const all = document.querySelector('[data-tick-all]')
  const everybody = bar.querySelector('[data-bulk-all]')
  const words = bar.querySelector('[data-bulk-count]')
  const show = () => {
    const count = boxes.filter(box => box.checked).length
    bar.hidden = !count && !(everybody && everybody.checked)
    words.textContent = count === 1 ? words.dataset.one : words.dataset.many.replace('%s', count)
    if (all) {
      all.checked = count > 0 && count === boxes.length
      all.indeterminate = count > 0 && count < boxes.length
    }
  }
  for (const box of boxes) box.addEventListener('change', show)
  if (all) {
    all.hidden = false
    all.addEventListener('change', () => { for (const box of boxes) box.checked = all.checked; show() })
  }
  if (everybody) everybody.addEventListener('change', show)
  addEventListener('pageshow', show)
  show()
})()
