// The set-up: the map beside the form follows the boxes and the name; the browser says its time zone.

(() => {
  const form = document.querySelector("form[data-setup]");
  const zone = document.querySelector("input[data-timezone]");
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (!form) return;
  const name = document.querySelector("[data-setup-name]");
  const follow = () => {
    const boxes = [...form.querySelectorAll("input[name=known_kinds]")];
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const node of boxes.length ? document.querySelectorAll("[data-setup-kind]") : []) {
      node.classList.toggle("later", !chosen.has(node.dataset.kind));
    }
    const typed = form.elements.name;
    if (name && typed) name.textContent = typed.value.length > 14 ? typed.value.slice(0, 13) + "…" : typed.value;
  };
  form.addEventListener("input", follow);
  follow();
})();
