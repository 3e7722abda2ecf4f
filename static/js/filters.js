// A form with data-autosubmit sends itself when a choice is made by pointer, but for those in its dialogs, which have a
// button. Arrow keys go through the choices one by one: they bring the button out that those without scripts have, and
// Enter sends. What is left empty does not stand in the address.
(() => {
  let byKey = false
  addEventListener('keydown', event => {
    byKey = true
    const form = event.key === 'Enter' && event.target.closest('form[data-autosubmit] select') && event.target.form
    if (form && !event.target.closest('[popover]') && form.dataset.changed) { event.preventDefault(); form.requestSubmit() }
  }, true)
  addEventListener('pointerdown', () => { byKey = false }, true)
  addEventListener('change', event => {
    const form = event.target.closest('form[data-autosubmit]')
    if (!form || event.target.closest('[popover]')) return
    if (!byKey || !event.target.matches('select, [type=radio]')) { form.requestSubmit(); return }
    form.dataset.changed = '1'
    for (const button of form.querySelectorAll('[data-no-script]')) button.hidden = false
  })
  for (const form of document.querySelectorAll('form[data-autosubmit]')) {
    for (const button of form.querySelectorAll('[data-no-script]')) button.hidden = true
    form.addEventListener('formdata', event => {
      for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name)
    })
  }
})()
