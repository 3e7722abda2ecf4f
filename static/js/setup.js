// The set-up: the map beside the form follows the boxes and the name; the browser says its time zone.

(() => {
  const form = document.querySelector("form[data-setup]");
  const zone = document.querySelector("input[data-timezone]");
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (!form) return;
  const name = document.querySelector("[data-setup-name]");
  // As many whole words as fit into the circle.
  const shorten = (text) => {
    const words = text.trim().split(/\s+/);
    while (words.length > 1 && words.join(" ").length > 12) words.pop();
    const kept = words.join(" ").replace(/\s+[^\p{L}\p{N}]+$/u, "");
    return kept.length > 12 ? kept.slice(0, 11) + "…" : kept;
  };
  const follow = () => {
    const boxes = [...form.querySelectorAll("input[name=known_kinds]")];
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const node of boxes.length ? document.querySelectorAll("[data-setup-kind]") : []) {
      node.classList.toggle("later", !chosen.has(node.dataset.kind));
    }
    const typed = form.elements.name;
    if (name && typed) name.textContent = shorten(typed.value);
  };
  form.addEventListener("input", follow);
  follow();
})();
