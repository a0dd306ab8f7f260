// What the desk does better with JavaScript: it answers in place, shows papers larger, takes keys.
// Without it the same forms and links load the same pages.

const PATIENCE = 400; // ms a panel must have been seen before it can be accepted
const work = document.querySelector("[data-desk-work]");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
let shownAt = 0;
let queue = Promise.resolve();

// Models go where the cursor is.
for (const button of all("[data-desk-insert]")) button.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-desk-insert]");
  if (!button) return;
  const text = document.getElementById(button.dataset.deskInsert);
  text.setRangeText(button.dataset.body, text.selectionStart, text.selectionEnd, "end");
  text.focus();
});

// The text of a reason for refusing, until the agent writes their own.
document.addEventListener("change", ({ target }) => {
  if (target.name !== "code" || target.type !== "radio") return;
  const text = target.form.elements.text;
  const known = all("input[name=code]", target.form).map((one) => one.dataset.text || "");
  if (known.includes(text.value) || !text.value) text.value = target.dataset.text || "";
});

if (work) {
  document.addEventListener("click", onRow);
  document.addEventListener("click", onTool);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  ready();
  const alert = document.querySelector(".alert[tabindex]");
  const row = work.querySelector(".row[aria-current]");
  if (document.activeElement === document.body) (alert ?? row)?.focus({ preventScroll: true });
}

function ready() {
  for (const button of all("[data-desk-tools], [data-desk-help], [data-desk-insert]")) button.hidden = false;
  const letters = work.querySelector("[data-desk-letters]");
  letters.checked = localStorage.getItem("desk-letters") !== "off";
  letters.addEventListener("change", () => localStorage.setItem("desk-letters", letters.checked ? "on" : "off"));
  watch();
}

function panel() {
  return work.querySelector("[data-desk-panel]:not([hidden])");
}

// A panel counts as seen from the moment its first page is there.
function watch() {
  shownAt = performance.now();
  const image = panel()?.querySelector("img");
  if (!image || image.complete) return;
  shownAt = Infinity;
  for (const end of ["load", "error"]) image.addEventListener(end, () => (shownAt = performance.now()), { once: true });
}

function show(slug, { focus = true } = {}) {
  const target = document.getElementById(`panel-${slug}`);
  if (!target) return;
  const before = panel();
  for (const one of all("[data-desk-panel]", work)) one.hidden = one !== target;
  for (const one of all("[data-desk-row]", work)) one.removeAttribute("aria-current");
  const row = document.getElementById(`row-${slug}`);
  row?.setAttribute("aria-current", "true");
  if (before !== target) watch();
  if (focus) (row ?? target).focus();
  const address = new URL(location);
  address.searchParams.set("vue", slug);
  history.replaceState(null, "", address);
}

function onRow(event) {
  const link = event.target.closest("[data-desk-row]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!document.getElementById(`panel-${link.dataset.deskRow}`)) return; // asked for meanwhile: the link loads it
  event.preventDefault();
  show(link.dataset.deskRow);
}

// One small request after the other; each takes the version the last one gave.
function onSubmit(event) {
  const form = event.target;
  if (!form.matches("[data-desk-post]")) return;
  event.preventDefault();
  const isAccepting = form.contains(form.querySelector("[data-desk-key=a]"));
  if (form.dataset.sent || (isAccepting && performance.now() - shownAt < PATIENCE)) return;
  form.dataset.sent = "1";
  queue = queue.then(() => send(form)).catch(() => say("Pas de réponse du serveur. Rien n’est perdu : réessayez."));
  queue = queue.finally(() => delete form.dataset.sent);
}

async function send(form) {
  let answer = await post(form);
  if (answer.status === 403) answer = (await rekey()) ?? (await post(form));
  if (answer.redirected) {
    say("Votre session est finie. Reconnectez-vous dans un autre onglet, puis réessayez : rien n’est perdu.");
    return;
  }
  if (answer.status === 403) {
    say("Ce compte n’a pas le droit de faire ce geste. Rien n’est enregistré ; votre texte reste ici.");
    return;
  }
  const page = await parsed(answer);
  const parts = page.querySelector("[data-desk-answer]");
  if (parts) take(parts, form, answer.ok);
  else if (page.getElementById("desk-work")) renew(page, form, answer.ok);
  else throw new Error(answer.status);
}

function post(form) {
  return fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Desk": "fragment" } });
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Whoever signed in again, in another tab, has another token, and no script reads its cookie: the
// page gives it. Returns the answer that says why there is none.
async function rekey() {
  const answer = await fetch(location.href);
  if (answer.redirected || !answer.ok) return answer;
  const token = (await parsed(answer)).querySelector("input[name=csrfmiddlewaretoken]");
  for (const one of all("input[name=csrfmiddlewaretoken]")) one.value = token.value;
  return null;
}

// More than one row changed: the whole page takes the place of what stood there, since its
// version may not be sent from beside anything older.
function renew(page, form, isDone) {
  const here = panel()?.dataset.deskPanel;
  const fresh = page.getElementById("desk-work");
  const { next, said } = fresh.dataset;
  const changed = all("[data-desk-panel]", fresh).filter((one) => read(one) !== read(document.getElementById(one.id)));
  const lost = keep(page, isDone ? form : null);
  for (const id of ["desk-head", "desk-alerts"]) document.getElementById(id).replaceWith(page.getElementById(id));
  fresh.querySelector("[data-desk-said]").replaceWith(work.querySelector("[data-desk-said]"));
  work.replaceChildren(...fresh.childNodes);
  ready();
  say(isDone ? said : "");
  const told = document.querySelector("[data-desk-changed]");
  if (told && changed.length) {
    told.textContent = `A changé : ${changed.map((one) => one.querySelector("h2").textContent).join(" ; ")}.`;
    told.hidden = false;
  }
  if (lost.length) say(`${said} Ce que vous aviez écrit ailleurs : ${lost.join(" ; ")}`);
  const wanted = isDone ? next : here;
  show(document.getElementById(`panel-${wanted}`) ? wanted : panel()?.dataset.deskPanel);
  (isDone ? document.getElementById("desk-next") : document.querySelector(".alert[tabindex]"))?.focus();
}

// What a panel shows, but for its forms.
function read(panel) {
  return panel && all(".viewer, .state, dl, .panel--wide .quiet", panel).map((one) => one.textContent).join();
}

// What is being written goes over to the new page; returns what has no box there any more.
function keep(page, done) {
  const lost = [];
  for (const field of all("textarea, select, input:not([type=hidden], [type=radio], [type=checkbox])", work)) {
    if (field.value === field.defaultValue || done?.contains(field)) continue;
    const box = page.getElementById(field.id);
    if (box) {
      box.value = field.value;
      if (box.closest("details")) box.closest("details").open = true;
    } else if (field.value && field.tagName !== "SELECT") lost.push(field.value);
  }
  for (const field of all("[type=radio], [type=checkbox]", work)) {
    const box = field.checked !== field.defaultChecked && !done?.contains(field) && page.getElementById(field.id);
    if (box) box.checked = field.checked;
  }
  return lost;
}

function take(parts, form, isDone) {
  const { version, next, said } = parts.dataset;
  for (const part of [...parts.children]) {
    const old = document.getElementById(part.id);
    if (old && (old.contains(form) || !isChanged(old))) old.replaceWith(part);
  }
  for (const button of all("[data-desk-insert]")) button.hidden = false;
  if (isDone) {
    for (const one of all("#desk-alerts div.alert")) one.remove();
    for (const one of all("input[name=version]")) one.value = version;
    say(said);
    if (document.getElementById(`row-${next}`) && !document.getElementById(`panel-${next}`)) location.assign(`?vue=${next}`);
    show(document.getElementById(`panel-${next}`) ? next : panel().dataset.deskPanel);
    document.getElementById("desk-next")?.focus();
    return;
  }
  const alert = all(".alert[tabindex]").find((one) => one.checkVisibility());
  alert?.focus();
}

function isChanged(part) {
  return all("textarea, input:not([type=hidden]), select", part).some((one) =>
    one.type === "radio" ? one.checked !== one.defaultChecked : one.defaultValue !== undefined && one.value !== one.defaultValue,
  );
}

function say(words) {
  work.querySelector("[data-desk-said]").textContent = words;
}

// Letters act only while the focus is in the list, the paper or the decision (WCAG 2.1.4).
function onKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (key === "Escape") {
    const open = target.closest("details[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    return;
  }
  if (!work.querySelector("[data-desk-letters]").checked) return;
  if (target.closest("input, textarea, select") || !target.closest("[data-desk-keys]")) return;
  if (key === "j" || key === "k") {
    const rows = all(".row", work);
    const here = rows.findIndex((one) => one.hasAttribute("aria-current"));
    const row = rows[here + (key === "j" ? 1 : -1)];
    if (row) show(row.dataset.deskRow);
  } else {
    const inPanel = panel()?.querySelector(`[data-desk-key="${key}"]`);
    const button = "aru".includes(key) ? inPanel : document.querySelector(`[data-desk-key="${key}"]`);
    if (!button) return;
    if (key === "c") button.focus();
    else button.click();
    if (key === "r") button.parentElement.querySelector("input[type=radio]").focus();
    if (key === "d") document.querySelector("#desk-ask textarea")?.focus();
  }
  event.preventDefault();
}

// Zoom and turn the pages; the picture stays the one the server made, with its watermark.
function onTool(event) {
  const button = event.target.closest("[data-desk-tools] button");
  if (!button) return;
  const viewer = panel().querySelector("[data-desk-viewer]");
  if ("deskFull" in button.dataset) {
    viewer.requestFullscreen?.();
    return;
  }
  const { dataset } = viewer;
  const step = Number(button.dataset.deskZoom ?? 0);
  if ("deskTurn" in button.dataset) dataset.turn = (Number(dataset.turn ?? 0) + 1) % 4;
  else dataset.zoom = step ? Math.min(4, Math.max(0.5, Number(dataset.zoom ?? 1) * 1.25 ** step)) : 1;
  for (const image of all("img", viewer)) {
    image.style.rotate = `${Number(dataset.turn ?? 0) * 90}deg`;
    image.style.width = `${Number(dataset.zoom ?? 1) * 100}%`;
    const gap = Number(dataset.turn ?? 0) % 2 ? (image.offsetWidth - image.offsetHeight) / 2 : 0;
    image.style.marginBlock = `${gap}px`;
  }
}
