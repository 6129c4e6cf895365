// Saves whoever writes a rule from loading the page anew at each step. The server makes the markup; without this
// script every button works as well.
(() => {
  "use strict";
  const form = document.getElementById("rule-editor");
  if (!form) return;
  const PARTS = [".r-rule", "#trial-result"];
  // Whoever chooses by keyboard passes other kinds on the way: the blanks follow when the choice rests.
  const REST = 500;
  let newest = 0;
  let waiting = null;

  function sendPlainly(act) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "act";
    field.value = act;
    form.append(field);
    form.submit();
  }

  async function ask(act, node) {
    const number = ++newest;
    clearTimeout(waiting);
    waiting = null;
    const sent = new FormData(form);
    sent.set("act", act);
    const focused = document.activeElement && document.activeElement.id;
    const trial = form.querySelector(".r-trial");
    trial.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(window.location.href, { method: "POST", body: sent, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = PARTS.map((part) => page.querySelector("#rule-editor " + part));
      // A sign-in that has ended, for example: the browser shows what the server says.
      if (!answer.ok || answer.redirected || parts.includes(null)) return sendPlainly(act);
      if (number !== newest) return;
      PARTS.forEach((part, place) => form.querySelector(part).replaceChildren(...parts[place].childNodes));
      moveFocus(act, focused, node);
    } catch {
      sendPlainly(act);
    } finally {
      trial.removeAttribute("aria-busy");
    }
  }

  function moveFocus(act, focused, node) {
    const target =
      form.querySelector("[data-new]") ||
      (focused && document.getElementById(focused)) ||
      (node && document.getElementById(node)?.querySelector(":is(input, select):not(.r-kind, [type=hidden])")) ||
      form.querySelector(`button[value="${act}"]`) ||
      form.querySelector(".r-node :is(select, input:not([type=hidden]))");
    if (target) target.focus();
  }

  form.addEventListener("submit", (event) => {
    const act = event.submitter ? event.submitter.value : "redraw";
    if (act === "save") return;
    event.preventDefault();
    ask(act);
  });
  form.addEventListener("change", (event) => {
    if (!event.target.classList.contains("r-kind")) return;
    const node = event.target.closest(".r-node").id;
    clearTimeout(waiting);
    waiting = setTimeout(() => ask("redraw", node), REST);
  });
  form.addEventListener("focusout", (event) => {
    if (waiting === null || !event.target.classList.contains("r-kind")) return;
    const node = event.target.closest(".r-node").id;
    setTimeout(() => waiting !== null && ask("redraw", node), 0);
  });
})();
