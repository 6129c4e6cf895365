"use strict";
// Acts are done in place: the server makes the list anew, and whoever works through it stays where they were.
(() => {
  const list = document.getElementById("worklist");
  if (!list) return;
  const ASK_MS = 15000;
  const message = document.getElementById("worklist-message");
  const part = () => document.getElementById("worklist-part");
  const rows = () => [...list.querySelectorAll("[data-work]")];

  function say(sentence, isRefused) {
    message.textContent = sentence;
    message.hidden = false;
    message.classList.toggle("is-refused", Boolean(isRefused));
  }

  async function renew(id, key, place) {
    const answer = await fetch(list.dataset.part + location.search, {
      redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(ASK_MS),
    });
    if (!answer.ok) { location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("worklist-part");
    if (!fresh) return;
    // What somebody is typing in another line is left alone.
    for (const open of part().querySelectorAll("[data-work] details[open]")) {
      const old = open.closest("[data-work]"), now = document.adoptNode(fresh).querySelector(`#${CSS.escape(old.id)} .work-acts`);
      if (now && old.id !== id) now.replaceWith(old.querySelector(".work-acts"));
    }
    part().replaceWith(document.adoptNode(fresh));
    const row = document.getElementById(id);
    const target = row ? row.querySelector(`[data-focus="${key}"]:not(:disabled)`) || row : rows()[Math.min(place, rows().length - 1)];
    if (target) target.focus();
    else { message.tabIndex = -1; message.focus(); }
  }

  async function act(form, button) {
    if (form.dataset.isSent) return;
    form.dataset.isSent = "1";
    const row = form.closest("[data-work]"), place = rows().indexOf(row);
    const body = new FormData(form);
    if (button && button.name) body.set(button.name, button.value);
    try {
      // Not form.action: that is the button of this name.
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(ASK_MS),
      });
      if (answer.type === "opaqueredirect" || answer.status === 409) location.reload();
      else if (answer.ok) {
        const told = await answer.json();
        say(told.message, told.refused);
        if (!told.refused) {
          const details = form.closest("details");
          if (details) details.open = false;
          await renew(row.id, details ? details.querySelector("summary").dataset.focus : button.dataset.focus, place);
        }
      } else say("Nothing was saved: the patient may be gone, or your role may not do this.", true);
    } catch {
      say("No answer came. Please load the page anew, and see whether it was saved.", true);
    }
    delete form.dataset.isSent;
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("[data-work]");
    if (event.key === "Escape") {
      const open = event.target.closest("details[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    if (event.target.closest("input, select, textarea")) return;
    const key = event.key.toLowerCase(), all = rows();
    if (key === "j" || key === "k") {
      const next = row ? all[all.indexOf(row) + (key === "j" ? 1 : -1)] : all[0];
      if (next) { next.focus(); event.preventDefault(); }
    } else if (row && key === "s") {
      const details = row.querySelector("details[data-key=s]");
      if (!details) return;
      details.open = true;
      details.querySelector("textarea").focus();
      event.preventDefault();
    } else if (row && key === "m") {
      const take = row.querySelector("[data-focus=take]:not(:disabled)");
      if (take) { take.click(); event.preventDefault(); }
    } else if (event.target === row && event.key === "Enter") row.querySelector("h3 a").click();
  }

  list.addEventListener("submit", (event) => {
    if (!event.target.hasAttribute("data-act")) return;
    event.preventDefault();
    act(event.target, event.submitter);
  });
  list.addEventListener("keydown", onKey);
  // Before somebody has gone into the list, J goes to its first line.
  document.addEventListener("keydown", (event) => { if (event.target === document.body && event.key.toLowerCase() === "j") onKey(event); });
})();
