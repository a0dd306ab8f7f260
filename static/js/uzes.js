// What a page does a little better with JavaScript. Everything works without it.

// The error summary takes the focus, so that a screen reader starts with it.
document.querySelector("[data-uzes-focus]")?.focus();

// Print buttons exist only where they work.
for (const button of document.querySelectorAll("[data-uzes-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The square of a sheet of codes opens the page with both after « # », which no server receives.
const codes = document.querySelector("form[data-uzes-codes]");
if (codes && location.hash.includes("/")) {
  const [reference, secret] = location.hash.slice(1).split("/");
  codes.elements.reference.value = reference;
  codes.elements.secret.value = secret;
  history.replaceState(null, "", location.pathname);
}

// A second click while the first answer is on its way sends nothing more.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.uzesSent) {
      event.preventDefault();
      return;
    }
    form.dataset.uzesSent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
    // An answer that never came must not lock the page.
    setTimeout(() => release(form), 10000);
  });
}

// The back button shows the page as it was left: free it.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-uzes-sent]")) release(form);
});

function release(form) {
  delete form.dataset.uzesSent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}
