// The form of the counter is kept at each pause, as « Enregistrer, finir plus tard » keeps it: what
// is right is saved, what is not stays as it was typed. The answer says what was read since.

const form = document.querySelector("form[data-desk-keep]");
const told = form?.querySelector("[data-desk-kept]");
const PAUSE = 2500;
let timer = 0;
let keeping = null;

form?.addEventListener("input", wait);
// A press while a request travels would carry what was read before it.
form?.addEventListener("submit", (event) => {
  clearTimeout(timer);
  if (!keeping) return;
  event.preventDefault();
  keeping.then(() => form.requestSubmit(event.submitter));
});

function wait() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (keeping) return wait();
    keeping = keep()
      .catch(() => "Pas de réponse du serveur : ce qui suit n’est pas encore enregistré.")
      .then(say);
  }, PAUSE);
}

function say(text) {
  keeping = null;
  told.textContent = text;
}

async function keep() {
  const body = new FormData(form);
  body.set("later", "");
  const answer = await fetch(location.href, { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const kept = page.querySelector("form[data-desk-keep]");
  if (!kept) return "Votre session est finie. Reconnectez-vous dans un autre onglet, puis enregistrez.";
  if (answer.status === 409) return "Un autre agent a changé ces réponses : enregistrez pour voir lesquelles.";
  for (const read of kept.querySelectorAll("fieldset > input[type=hidden]")) {
    const mine = form.elements[read.name];
    if (mine) mine.value = read.value;
  }
  return answer.ok ? "Enregistré au fur et à mesure." : "Enregistré, sauf ce qui est à corriger.";
}
