// A toast leaves after six seconds, but never while it is read with the pointer or the keyboard.
(() => {
  const SECONDS = 6
  const start = toast => {
    if (toast.dataset.started) return
    toast.dataset.started = '1'
    const close = toast.querySelector('[data-close]')
    close.hidden = false
    let timer
    const leave = () => { toast.classList.add('gone'); setTimeout(() => toast.remove(), 220) }
    const wait = () => { clearTimeout(timer); timer = setTimeout(leave, SECONDS * 1000) }
    const stay = () => clearTimeout(timer)
    toast.addEventListener('pointerenter', stay)
    toast.addEventListener('pointerleave', wait)
    toast.addEventListener('focusin', stay)
    toast.addEventListener('focusout', wait)
    close.addEventListener('click', leave)
    wait()
  }
  const startAll = () => document.querySelectorAll('[data-toast]').forEach(start)
  startAll()
  new MutationObserver(startAll).observe(document.getElementById('toasts'), { childList: true })
})()
