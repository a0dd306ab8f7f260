/* The passkey of an agent: the form waits for the browser's answer, then goes. */
const options = document.getElementById("passkey-options");

function publicKey(kind) {
  const given = JSON.parse(options.textContent).publicKey;
  return kind === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(given)
    : PublicKeyCredential.parseRequestOptionsFromJSON(given);
}

for (const form of document.querySelectorAll("[data-uzes-passkey]")) {
  const kind = form.dataset.uzesPasskey;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const trouble = form.querySelector("[data-uzes-passkey-trouble]");
    trouble.hidden = true;
    try {
      const credential = await navigator.credentials[kind]({ publicKey: publicKey(kind) });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
}
