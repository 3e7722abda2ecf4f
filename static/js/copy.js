// A button with data-copy="id" puts that field's text on the clipboard.
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue
    button.hidden = false
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy)
      await navigator.clipboard.writeText(field.value)
      field.select()
    })
  }
})()
