// The page of the pieces: a file leaves as soon as it is chosen. Without this the form sends all.

const form = document.querySelector("form[data-uzes-pieces]");
const told = form?.querySelector("[data-uzes-told]");
const problems = form?.querySelector("[data-uzes-problems]");
const sorter = form?.querySelector("[data-uzes-sort]");
const token = form?.elements.csrfmiddlewaretoken.value;
const TRIES = 3;
const LOST = "La connexion s’est coupée.";
const removed = new Map();
const unsent = new Map();
let travelling = 0;
let lastWork = Promise.resolve();

// One request after the other: the mairie checks one file of a person at a time.
function next(work) {
  lastWork = lastWork.then(work, work);
  return lastWork;
}

function say(text) {
  told.textContent = text;
}

// What is typed about one piece, as its form would send it, with this file or none.
function said(card, file) {
  const key = card.dataset.uzesPiece;
  const data = new FormData();
  data.append("csrfmiddlewaretoken", token);
  for (const control of card.querySelectorAll("input, textarea")) {
    if (!control.name || control.type === "file") continue;
    if ((control.type === "radio" || control.type === "checkbox") && !control.checked) continue;
    data.append(control.name, control.value);
  }
  if (file) data.append(`${key}-documents`, file, file.name);
  return data;
}

// Resolves with the page of the piece, rejects with what went wrong; `again`: worth another try.
function send(card, data, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", card.dataset.url);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const { status } = request;
      const isHere = new URL(request.responseURL).pathname === new URL(card.dataset.url, location.href).pathname;
      if (isHere && [200, 409, 422].includes(status)) resolve(request.responseText);
      else if (status === 429) reject({ text: "Trop d’envois en peu de temps : attendez quelques minutes." });
      else if (status === 413) reject({ text: "Ce fichier est trop lourd. Photographiez page par page." });
      else if (status >= 500) reject({ text: "Le portail ne répond pas.", again: true });
      else reject({ text: "Cette page n’est plus à jour : rechargez-la." });
    });
    request.addEventListener("error", () => reject({ text: LOST, again: true }));
    request.addEventListener("timeout", () => reject({ text: LOST, again: true }));
    request.timeout = 120000;
    request.send(data);
  });
}

async function insist(card, file, onProgress) {
  for (let rank = 1; ; rank += 1) {
    try {
      return await send(card, said(card, file), onProgress);
    } catch (trouble) {
      if (!trouble.again || rank === TRIES) throw trouble;
      await new Promise((resolve) => setTimeout(resolve, 1000 * rank));
    }
  }
}

// The piece as the mairie has it now; what is being typed stays, and so does the focus.
function show(card, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.querySelector("[data-uzes-piece]");
  const state = fresh?.querySelector("[data-uzes-state]");
  if (!state) return "";
  const errors = [...fresh.querySelectorAll(".field__error")];
  for (const error of errors) if (!state.contains(error)) state.append(error.cloneNode(true));
  card.querySelector("[data-uzes-state]").replaceWith(document.adoptNode(state));
  for (const radio of card.querySelectorAll("input[type=radio]")) {
    radio.checked = Boolean(fresh.querySelector(`input[type=radio][value="${radio.value}"][checked]`));
  }
  const words = errors.map((one) => one.textContent.trim().replace(/\s+/g, " "));
  summarise(card, words);
  return [...[...state.querySelectorAll("[data-uzes-said]")].map((one) => one.textContent.trim()), ...words].join(" ");
}

function titleOf(card) {
  return card.querySelector("legend").textContent.trim();
}

// On top of the page, what is wrong with each piece, with the way to it.
function summarise(card, words) {
  const list = problems.querySelector("ul");
  for (const item of [...list.children]) if (item.dataset.piece === card.id) item.remove();
  for (const text of words) {
    const item = document.createElement("li");
    item.dataset.piece = card.id;
    const link = document.createElement("a");
    link.href = `#${card.id}`;
    link.textContent = `${titleOf(card)} : ${text.replace(/^Erreur\s*:\s*/, "")}`;
    item.append(link);
    list.append(item);
  }
  problems.hidden = !list.children.length;
}

function line(card, name) {
  const list = card.querySelector("[data-uzes-travel]");
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", `Envoi de ${name}`);
  item.append(label, bar);
  list.append(item);
  list.hidden = false;
  return { item, label, bar, leave() { item.remove(); list.hidden = !list.children.length; } };
}

function travel(card, file) {
  const shown = line(card, file.name);
  const attempt = () => next(async () => {
    travelling += 1;
    say(`${file.name} part.`);
    try {
      const news = show(card, await insist(card, file, (part) => { shown.bar.value = part; }));
      shown.leave();
      unsent.delete(file);
      say(news || `${file.name} est envoyé.`);
    } catch (trouble) {
      unsent.set(file, card);
      shown.bar.hidden = true;
      shown.label.textContent = `${trouble.text} ${file.name} n’est pas parti. `;
      say(shown.label.textContent);
      summarise(card, [shown.label.textContent.trim()]);
      const retry = document.createElement("button");
      retry.type = "button";
      retry.className = "button button--secondary";
      retry.textContent = "Réessayer";
      retry.addEventListener("click", () => {
        retry.remove();
        shown.bar.hidden = false;
        shown.bar.removeAttribute("value");
        shown.label.textContent = file.name;
        card.querySelector("input[type=file]").focus();
        attempt();
      });
      shown.item.append(retry);
    } finally {
      travelling -= 1;
    }
  });
  attempt();
}

for (const card of form?.querySelectorAll("[data-uzes-piece]") ?? []) {
  const input = card.querySelector("input[type=file]");
  if (!input) continue;
  const typed = () => [...card.querySelectorAll("input[type=text]")].map((one) => one.value).join("|");
  let kept = typed();
  // A phone may close the page while its camera is open: what was typed leaves first.
  input.addEventListener("click", () => {
    if (typed() === kept) return;
    kept = typed();
    next(() => send(card, said(card)).then((html) => show(card, html)).catch(() => {}));
  });
  input.addEventListener("change", () => {
    for (const file of input.files) travel(card, file);
    input.value = "";
  });
  card.addEventListener("dragover", (event) => {
    event.preventDefault();
    card.classList.add("piece-card--over");
  });
  card.addEventListener("dragleave", () => card.classList.remove("piece-card--over"));
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    card.classList.remove("piece-card--over");
    for (const file of event.dataTransfer.files) travel(card, file);
  });
}

// Several files at once: each is told its piece, then they leave together.
function toSort(file) {
  const item = document.createElement("li");
  item.className = "file";
  const label = document.createElement("label");
  const choice = document.createElement("select");
  label.append(`${file.name}\u00a0: pour quelle pièce\u00a0? `, choice);
  choice.add(new Option("Choisissez", ""));
  for (const card of form.querySelectorAll("[data-uzes-piece]")) {
    if (card.querySelector("input[type=file]")) choice.add(new Option(titleOf(card), card.id));
  }
  choice.add(new Option("Aucune : ne pas l’envoyer", "none"));
  item.append(label);
  return { file, item, choice };
}

const sorted = [];
if (sorter) {
  const [input, list, button] = ["input", "ul", "button"].map((name) => sorter.querySelector(name));
  sorter.hidden = false;
  input.addEventListener("change", () => {
    const found = [...input.files].map(toSort);
    sorted.push(...found);
    list.append(...found.map((one) => one.item));
    list.hidden = button.hidden = false;
    input.value = "";
    found[0]?.choice.focus();
  });
  button.addEventListener("click", () => {
    for (const one of [...sorted]) {
      if (!one.choice.value) continue;
      if (one.choice.value !== "none") travel(document.getElementById(one.choice.value), one.file);
      one.item.remove();
      sorted.splice(sorted.indexOf(one), 1);
    }
    list.hidden = button.hidden = !sorted.length;
    if (sorted.length) askWhere();
    else input.focus();
  });
}

function askWhere() {
  say("Dites pour quelle pièce est ce fichier.");
  sorted[0].choice.focus();
}

// « Retirer » can be undone until one leaves: only then is the file erased.
form?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-uzes-remove]");
  if (!link) return;
  event.preventDefault();
  const row = link.closest("li");
  const name = row.querySelector(".file__name").textContent;
  const gone = document.createElement("li");
  gone.className = "file";
  const text = document.createElement("span");
  text.className = "file__name";
  text.textContent = `${name} est retiré.`;
  const back = document.createElement("button");
  back.type = "button";
  back.className = "button button--secondary";
  back.textContent = "Remettre";
  const what = document.createElement("span");
  what.className = "visually-hidden";
  what.textContent = ` ${name}`;
  back.append(what);
  gone.append(text, back);
  removed.set(link.href, gone);
  row.replaceWith(gone);
  say(text.textContent);
  back.focus();
  back.addEventListener("click", () => {
    removed.delete(link.href);
    gone.replaceWith(row);
    say(`${name} est remis.`);
    link.focus();
  });
});

function erasure() {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", token);
  return data;
}

window.addEventListener("pagehide", () => {
  for (const address of removed.keys()) navigator.sendBeacon(address, erasure());
  removed.clear();
});

window.addEventListener("beforeunload", (event) => {
  if (travelling) event.preventDefault();
});

// What could not leave by itself leaves with the form.
function takeAlong() {
  for (const card of new Set(unsent.values())) {
    const files = new DataTransfer();
    for (const [file, its] of unsent) if (its === card) files.items.add(file);
    card.querySelector("input[type=file]").files = files.files;
  }
}

// What is on its way arrives, and what was taken back is erased, before the rest is sent.
document.addEventListener("submit", (event) => {
  if (event.target !== form) return;
  if (sorted.length) {
    event.preventDefault();
    event.stopImmediatePropagation();
    askWhere();
    return;
  }
  takeAlong();
  if (!(travelling || removed.size)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  say("La page continue quand les fichiers sont arrivés.");
  for (const address of removed.keys()) {
    next(() => fetch(address, { method: "POST", body: erasure(), redirect: "manual" }).catch(() => {}));
  }
  removed.clear();
  next(() => {}).then(() => form.requestSubmit(submitter));
}, true);
