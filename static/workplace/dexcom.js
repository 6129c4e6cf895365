"use strict";
// While something is being read, the panel asks for itself anew; what somebody has opened or typed is left alone.
(() => {
  const SLOWER = 1.15, SLOWEST_S = 60;
  let wait = 0;

  const panel = () => document.getElementById("dexcom");

  function plan() {
    const seconds = Number(panel()?.dataset.busy || 0);
    if (!seconds) return;
    wait = Math.min(Math.max(wait * SLOWER, seconds), SLOWEST_S);
    setTimeout(ask, wait * 1000);
  }

  async function ask() {
    const before = panel();
    if (document.hidden || before.querySelector("details[open]") || before.contains(document.activeElement)) return plan();
    try {
      // Asking by itself does not keep anybody signed in.
      const answer = await fetch(before.dataset.part, { headers: { "X-Background": "1" }, redirect: "manual", cache: "no-store" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("dexcom");
      if (!fresh) return;
      // The live region stays the same element, so that its change is spoken.
      const spoken = before.querySelector(".dexcom-progress"), news = fresh.querySelector(".dexcom-progress");
      if (spoken && news) {
        const words = news.textContent;
        news.replaceWith(spoken);
        before.replaceWith(document.adoptNode(fresh));
        if (spoken.textContent !== words) spoken.textContent = words;
      } else before.replaceWith(document.adoptNode(fresh));
    } catch { /* asked again below */ }
    plan();
  }

  plan();
})();
