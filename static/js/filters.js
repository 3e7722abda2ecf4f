// A form with data-autosubmit sends itself when a choice changes; its button stays for those without scripts.
(() => {
  addEventListener('change', event => {
    const form = event.target.closest('form[data-autosubmit]')
    if (form) form.requestSubmit()
  })
  for (const form of document.querySelectorAll('form[data-autosubmit]')) {
    const button = form.querySelector('[data-no-script]')
    if (button) button.hidden = true
  }
})()
