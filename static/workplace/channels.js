"use strict";
// The test button answers on the page. Without this script the form is sent, and the answer stands above the list.
(() => {
  for (const form of document.querySelectorAll(".channel-test")) form.addEventListener("submit", test);

  async function test(event) {
    event.preventDefault();
    const form = event.currentTarget, button = form.querySelector("button"), result = form.querySelector("[role=status]");
    button.disabled = true;
    result.textContent = "Sending a test. This may take ten seconds.";
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "manual",
        signal: AbortSignal.timeout(40000),
      });
      if (answer.type === "opaqueredirect") result.textContent = "You are signed out: load the page anew and sign in.";
      else if (!answer.ok) result.textContent = `The platform did not send it (${answer.status}). Load the page anew.`;
      else show(form, result, await answer.json());
    } catch {
      result.textContent = "The platform did not answer. Look at the messages before you test again.";
    }
    button.disabled = false;
  }

  function show(form, result, told) {
    result.textContent = told.wasTaken ? `It came through. ${told.result}` : `It did not come through. ${told.result}`;
    const row = form.closest("[data-channel]"), word = row.querySelector("[data-word]");
    word.textContent = told.word;
    word.className = `w-badge ${told.colour}`;
    row.querySelector("[data-sentence]").textContent = told.sentence;
  }
})();
