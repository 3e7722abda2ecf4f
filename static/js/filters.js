// A form with data-autosubmit sends itself when a choice changes, but for those in its dialogs, which have a button;
// its other buttons stay for those without scripts. What is left empty does not stand in the address.
(() => {
  addEventListener('change', event => {
    const form = event.target.closest('form[data-autosubmit]')
    if (form && !event.target.closest('[popover]')) form.requestSubmit()
  })
  for (const form of document.querySelectorAll('form[data-autosubmit]')) {
    for (const button of form.querySelectorAll('[data-no-script]')) button.hidden = true
    form.addEventListener('formdata', event => {
      for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name)
    })
  }
})()
