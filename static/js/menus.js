// A <details class="drop-menu"> closes on Escape, on a click beside it, and when another one opens.
(() => {
  const closeAll = except => {
    for (const menu of document.querySelectorAll('.drop-menu[open]')) {
      if (menu !== except) menu.open = false
    }
  }
  addEventListener('click', event => closeAll(event.target.closest('.drop-menu')))
  addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    const open = document.querySelector('.drop-menu[open]')
    if (open) { open.open = false; open.querySelector('summary').focus() }
  })
})()
