// What a text costs while it is written, counted as campaigns/rendering/segments.py does; chips put in a merge tag.
(() => {
  const form = document.querySelector("form[data-text], form[data-letter]")
  const field = form?.elements.text_body
  const line = form?.querySelector("[data-count]")
  if (!field || !line) return

  const basic = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
  const extension = new Set("\f^{}\\[~]|€")

  // Toll-free numbers carry a longer header.
  const shorter = line.hasAttribute("data-short") ? 1 : 0

  const count = text => {
    const letters = [...text]
    const odd = [...new Set(letters.filter(letter => !basic.has(letter) && !extension.has(letter)))]
    const isPlain = odd.length === 0
    const costs = letters.map(letter => isPlain ? (extension.has(letter) ? 2 : 1) : letter.length)
    const units = costs.reduce((sum, cost) => sum + cost, 0)
    const single = isPlain ? 160 : 70
    if (units <= single) return { parts: text ? 1 : 0, left: single - units, odd }
    let parts = 0, left = 0
    for (const cost of costs) {
      if (cost > left) { parts += 1; left = (isPlain ? 153 : 67) - shorter }
      left -= cost
    }
    return { parts, left, odd }
  }

  const show = () => {
    const words = field.value.trim()
    const brand = line.dataset.brand
    const named = words.toLowerCase().includes(brand.toLowerCase()) ? words : `${brand}: ${words}`
    const { parts, left, odd } = count(words ? named : "")
    const sentence = parts === 1 ? line.dataset.one : line.dataset.many
    line.hidden = parts === 0
    line.querySelector("[data-count-parts]").textContent = sentence.replace("PARTS", parts).replace("PLACES", left)
    line.querySelector("[data-count-odd]").textContent = odd.length ? line.dataset.odd.replace("SIGNS", odd.join(" ")) : ""
  }
  field.addEventListener("input", show)
  show()

  if (!form.hasAttribute("data-text")) return
  for (const chip of form.querySelectorAll("[data-insert]")) {
    chip.addEventListener("click", () => {
      field.focus()
      field.setRangeText(chip.dataset.insert, field.selectionStart, field.selectionEnd, "end")
      field.dispatchEvent(new Event("input", { bubbles: true }))
    })
  }
})()
