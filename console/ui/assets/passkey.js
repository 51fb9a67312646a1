// Passkeys (WebAuthn Level 3): asks the device for what the server wants to know and sends it with the form.
(() => {
  'use strict';
  const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    if (!able) { form.hidden = true; continue; }
    const failed = form.querySelector('[role=alert]');
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      failed.hidden = true;
      const button = form.querySelector('button');
      button.disabled = true;
      try {
        const reply = await fetch(form.dataset.options, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
        if (!reply.ok) throw new Error(String(reply.status));
        const asked = await reply.json();
        const answer = form.dataset.passkey === 'make'
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.options) });
        form.elements.credential.value = JSON.stringify(answer.toJSON());
        form.elements.state.value = asked.state;
        form.submit();
      } catch {
        failed.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }
})();
