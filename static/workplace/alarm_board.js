"use strict";
// The board while it is open. The server makes all of its markup; this fetches it anew, keeps what somebody is typing,
// and never lets old alarms look like new ones.
(() => {
  const board = document.getElementById("alarm-board");
  if (!board) return;
  const LIVE_MS = 30000, POLL_MS = 15000, OLD_MS = 50000, RING_MS = 6000, WARN_BEFORE_S = 120, ASK_MS = 10000;
  const status = document.getElementById("alarm-status"), warning = document.getElementById("alarm-warning");
  const message = document.getElementById("alarm-message"), news = document.getElementById("alarm-news");
  const title = document.title;
  const heard = new Set();
  let answeredAt = Date.now(), askedAt = 0, isAsking = false, askAgain = false, wasUsed = false, over = "", live = null;
  let signedInUntil = 0, hasWarned = false, wasOld = false;

  const part = () => document.getElementById("alarm-part");

  async function ask() {
    if (over) return;
    if (isAsking) { askAgain = true; return; }
    isAsking = true;
    askAgain = false;
    askedAt = Date.now();
    const headers = { "X-Clinic": board.dataset.clinic };
    // Asking by itself does not keep anybody signed in; somebody at the screen does.
    if (!wasUsed) headers["X-Background"] = "1";
    wasUsed = false;
    try {
      const answer = await fetch(board.dataset.part + location.search, {
        headers, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(ASK_MS),
      });
      if (answer.type === "opaqueredirect" || answer.status === 401) end("signed-out");
      else if (answer.status === 409) end("other-clinic");
      else if (answer.status === 403) end("no-right");
      else if (answer.ok) show(await answer.text());
    } catch { /* the status says how old the page is */ }
    isAsking = false;
    tell();
    if (askAgain) setTimeout(ask, 1000);
  }

  // A storm of events makes one question a second, and the first is asked at once.
  function askSoon() {
    if (isAsking || Date.now() - askedAt < 1000) {
      askAgain = true;
      if (!isAsking) setTimeout(() => { if (askAgain) ask(); }, 1000);
    } else ask();
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("alarm-part");
    if (!fresh) return;
    const before = document.activeElement, row = before && before.closest("[data-alarm]");
    const place = row && { id: row.id, key: before.dataset.focus };
    for (const details of part().querySelectorAll("[data-alarm] details[open]")) {
      const old = details.closest("[data-alarm]"), now = fresh.querySelector(`#${CSS.escape(old.id)} .alarm-acts`);
      if (now) now.replaceWith(old.querySelector(".alarm-acts"));
    }
    part().replaceWith(document.adoptNode(fresh));
    if (place) focusAgain(before, place);
    answeredAt = Date.now();
    signedInUntil = Date.now() + (Number(fresh.dataset.signedInUntil) - Number(fresh.dataset.now)) * 1000;
    showBadge(fresh.dataset.badge);
    announce(fresh);
  }

  function focusAgain(before, { id, key }) {
    const row = document.getElementById(id);
    if (before.isConnected) before.focus();
    else if (row) (key && row.querySelector(`[data-focus="${key}"]`) || row).focus();
    else say("The alarm that you were at has left the list.");
  }

  function announce(fresh) {
    for (const one of fresh.querySelectorAll("[data-heard]")) {
      if (heard.has(one.dataset.heard)) continue;
      heard.add(one.dataset.heard);
      const line = document.createElement("p");
      line.textContent = `New alarm, ${one.dataset.severity}. ${one.textContent}`;
      news.append(line);
      if (news.children.length > 20) news.firstChild.remove();
      const shown = document.getElementById(`alarm-${one.dataset.heard}`);
      if (shown) shown.classList.add("is-new");
      window.alarmSound.play(one.dataset.severity);
      window.alarmSound.notify(one.dataset.heard, one.dataset.severity, one.textContent);
    }
  }

  function showBadge(words) {
    document.title = words ? `(${words}) ${title}` : title;
    for (const link of document.querySelectorAll("#nav-sidebar a, nav a, aside a")) {
      if (new URL(link.href, location.href).pathname !== location.pathname || link.closest("#alarm-board")) continue;
      let badge = link.querySelector("[data-badge], span.font-semibold:last-child");
      if (!words) { if (badge) badge.remove(); continue; }
      if (!badge) {
        badge = document.createElement("span");
        badge.className = "alarm-badge";
        badge.dataset.badge = "";
        link.append(badge);
      }
      badge.textContent = words;
    }
  }

  function say(sentence, isRefused) {
    message.textContent = sentence;
    message.hidden = false;
    message.classList.toggle("is-refused", Boolean(isRefused));
  }

  function end(why) {
    over = why;
    if (live) live.stop();
    window.alarmSound.play("lost");
    tell();
  }

  const ENDS = {
    "signed-out": ["You are signed out. What stands here is old.", "Sign in again"],
    "other-clinic": ["You work in another clinic now, in another tab. These alarms are those of the former one, and old.",
      "Show the alarms of the clinic that you work in"],
    "no-right": ["You may not see alarms any more. What stands here is old.", "Load the page anew"],
  };

  // One place says how much the page can be trusted: live, asking by itself, or old.
  function tell() {
    const made = part().dataset.made;
    const isOld = Boolean(over) || Date.now() - answeredAt > OLD_MS;
    board.classList.toggle("is-old", isOld);
    if (over) {
      set(status, "old", `Not live since ${made}.`);
      const [sentence, words] = ENDS[over];
      if (warning.dataset.why !== over) {
        const link = document.createElement("a");
        link.href = over === "signed-out" ? board.dataset.signIn : location.pathname;
        link.textContent = words;
        warning.replaceChildren(`${sentence} `, link);
        warning.dataset.why = over;
        warning.hidden = false;
      }
      return;
    }
    if (isOld) {
      set(status, "old", `Not live since ${made}: no answer. Trying again.`);
      if (!wasOld) window.alarmSound.play("lost");
    } else if (live && live.isLive()) set(status, "live", `Live. As of ${made}.`);
    else set(status, "polling", `Not live: asking every 15 seconds. As of ${made}.`);
    wasOld = isOld;
    warnBeforeSignOut();
  }

  // A live region speaks whenever it changes: the time changes without being spoken.
  function set(element, state, words) {
    if (element.dataset.state !== state) { element.dataset.state = state; element.setAttribute("role", "status"); }
    else element.removeAttribute("role");
    if (element.textContent !== words) element.textContent = words;
  }

  function warnBeforeSignOut() {
    const seconds = Math.round((signedInUntil - Date.now()) / 1000);
    const isNear = signedInUntil > 0 && seconds < WARN_BEFORE_S;
    if (isNear && !hasWarned) {
      warning.textContent = "You are about to be signed out, because nobody has used this page. Press a key or click to stay.";
      warning.hidden = false;
      window.alarmSound.play("lost");
    } else if (!isNear && hasWarned) warning.hidden = true;
    hasWarned = isNear;
  }

  async function act(form, button) {
    if (form.dataset.isSent) return;
    form.dataset.isSent = "1";
    const body = new FormData(form);
    if (button && button.name) body.set(button.name, button.value);
    try {
      // Not form.action: that is the button of this name.
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual",
        signal: AbortSignal.timeout(ASK_MS),
      });
      if (answer.type === "opaqueredirect") end("signed-out");
      else if (answer.status === 409) end("other-clinic");
      else if (answer.ok) {
        const told = await answer.json();
        say(told.message, told.refused);
        const details = form.closest("details"), summary = details && details.querySelector("summary");
        if (details) details.open = false;
        if (summary) summary.focus();
        ask();
      } else say("Nothing was saved: the alarm may be gone, or your role may not do this.", true);
    } catch {
      say("Nothing was saved: no answer came. Please try again.", true);
    }
    delete form.dataset.isSent;
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("[data-alarm]");
    if (event.key === "Escape") {
      const open = event.target.closest("details[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    // Letters act only where the focus is in the list, and not while somebody writes.
    if (!row || event.target.matches("input, textarea, select")) return;
    const rows = [...board.querySelectorAll("[data-alarm]")], key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      const next = rows[rows.indexOf(row) + (key === "j" ? 1 : -1)];
      if (next) next.focus();
    } else if (key === "a" || key === "s") {
      const details = row.querySelector(`details[data-key="${key}"]`);
      if (!details) return;
      details.open = true;
      details.querySelector("button, input:not([type=hidden])").focus();
    } else if (key === "enter" && event.target === row) row.querySelector("[data-focus=rule]").click();
    else return;
    event.preventDefault();
  }

  for (const one of part().querySelectorAll("[data-heard]")) heard.add(one.dataset.heard);
  signedInUntil = Date.now() + (Number(part().dataset.signedInUntil) - Number(part().dataset.now)) * 1000;
  document.querySelector(".alarm-switches").hidden = false;
  window.alarmSound.watch(document.getElementById("alarm-sound"), document.getElementById("alarm-notify"));
  board.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-act]")) return;
    event.preventDefault();
    act(event.target, event.submitter);
  });
  board.addEventListener("keydown", onKey);
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { wasUsed = true; if (hasWarned) ask(); });
  }
  setInterval(() => {
    if (Date.now() - askedAt >= (live && live.isLive() ? LIVE_MS : POLL_MS)) ask();
    tell();
  }, 1000);
  setInterval(() => {
    if (part().querySelector('[data-heard][data-severity="critical"]')) window.alarmSound.play("critical");
  }, RING_MS);
  // A page that comes back from the browser's memory shows what it showed when it was left.
  window.addEventListener("pageshow", (event) => { if (event.persisted) { answeredAt = 0; tell(); ask(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  live = window.alarmLive.follow({
    ticketForm: document.getElementById("alarm-ticket"),
    onNews: askSoon,
    onState: () => tell(),
    onSignedOut: () => end("signed-out"),
  });
  showBadge(part().dataset.badge);
  tell();
})();
