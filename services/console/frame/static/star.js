// Keys for lists, tick boxes for many at once, the switch between light and dark. Every page works without this file.
(() => {
  "use strict";
  const store = (name, value) => { try { return value === undefined ? localStorage.getItem(name) : localStorage.setItem(name, value); } catch { return null; } };

  const root = document.documentElement;
  const look = store("look");
  if (look === "dark" || look === "light") root.dataset.look = look;

  const isDark = () => root.dataset.look ? root.dataset.look === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = (button) => { button.textContent = isDark() ? "Light" : "Dark"; button.hidden = false; };

  const rows = () => [...document.querySelectorAll("table.list tbody tr[data-row]")];
  let place = -1;
  const go = (to) => {
    const all = rows();
    if (!all.length) return;
    all[place]?.classList.remove("here");
    place = Math.max(0, Math.min(all.length - 1, to));
    const row = all[place];
    row.classList.add("here");
    row.querySelector("a")?.focus();
    row.scrollIntoView({ block: "nearest" });
  };

  const counted = (form) => {
    const boxes = [...form.querySelectorAll("input[data-one]")];
    const ticked = boxes.filter((box) => box.checked).length;
    const words = form.querySelector("[data-ticked]");
    if (!words) return;
    words.dataset.hint ??= words.textContent;
    words.textContent = ticked === 0 ? words.dataset.hint : ticked === 1 ? "1 chosen" : `${ticked} chosen`;
    form.classList.toggle("none", ticked === 0);
    const all = form.querySelector("input[data-all]");
    if (all) { all.checked = boxes.length > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
  };

  const keys = {
    j: () => go(place + 1),
    k: () => go(place - 1),
    Enter: () => rows()[place]?.querySelector("a")?.click(),
    r: () => (rows()[place] ?? document).querySelector("a[data-respond]")?.click(),
    x: () => { const box = rows()[place]?.querySelector("input[data-one]"); if (box) { box.click(); } },
    "/": () => document.querySelector("input[name=q]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, select, textarea");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field?.form) { field.form.requestSubmit(); return; }
    const typing = field && !["checkbox", "radio"].includes(field.type);
    if (typing || event.ctrlKey || event.metaKey || event.altKey || store("keys") === "off" || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && event.target !== document.body && !event.target.closest("tr.here")) return;
    const act = keys[event.key];
    if (act && (event.key !== "Enter" || place >= 0)) { event.preventDefault(); act(); }
  });

  document.addEventListener("change", (event) => {
    const box = event.target;
    const form = box.closest("form");
    if (box.matches("input[data-all]")) for (const one of form.querySelectorAll("input[data-one]")) one.checked = box.checked;
    if (box.matches("input[data-all], input[data-one]")) counted(form);
    if (box.matches("input[data-keys]")) store("keys", box.checked ? "on" : "off");
    if (box.closest("form[data-filters]") && !box.matches("input[type=search]")) box.form.requestSubmit();
  });

  // The preview beside an editor: a new frame each time, so that the way back does not lead through every word.
  let typed;
  const look_at = (form) => {
    const button = form.querySelector("button[data-look]");
    const old = button && document.querySelector(`iframe[name="${button.getAttribute("formtarget")}"]`);
    if (!old || !form.checkValidity()) return;
    const frame = old.cloneNode();
    frame.removeAttribute("src");
    old.replaceWith(frame);
    form.requestSubmit(button);
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form || event.target.matches("input[type=email]")) return;
    clearTimeout(typed);
    typed = setTimeout(look_at, 600, form);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-look-switch]")) { root.dataset.look = isDark() ? "light" : "dark"; store("look", root.dataset.look); shown(button); }
    if (button.matches("[data-print]")) print();
    if (button.matches("[data-insert]")) {
      const words = button.form.querySelector("textarea[data-words]");
      words.setRangeText(button.dataset.insert, words.selectionStart, words.selectionEnd, "end");
      words.focus();
      words.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (button.matches("[data-close]")) button.closest("dialog").close();
    if (button.matches("[data-show-keys]")) document.getElementById("keys").showModal();
  });

  // A form that makes something goes once, however often its button is pressed. A page that comes back out of the history is a new try.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.elements.namedItem("once") || event.submitter?.hasAttribute("formtarget")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // The service reads a file while it comes, so what has been sent has been read, too.
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.querySelector?.("progress[data-sent]");
    if (bar && event.detail.lengthComputable) bar.value = 100 * event.detail.loaded / event.detail.total;
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-look-switch]").forEach(shown);
    document.querySelectorAll("[data-print], [data-show-keys], [data-insert], th.tick input").forEach((one) => { one.hidden = false; });
    document.querySelectorAll("input[data-keys]").forEach((box) => { box.checked = store("keys") !== "off"; });
    document.querySelectorAll("form").forEach(counted);
    // On a phone the navigation is a line that scrolls: the page that is open is in sight.
    const line = document.querySelector(".nav");
    const current = line?.querySelector("a[aria-current]");
    if (current) line.scrollLeft = current.offsetLeft - (line.clientWidth - current.offsetWidth) / 2;
  });
})();
