"use strict";
// The stream of the clinic's alarms. It says when something happened and whether it hears anything at all; what the
// page shows is fetched from the server.
window.alarmLive = (() => {
  // The server speaks every 15 seconds at least.
  const SILENT_MS = 40000, WATCH_MS = 5000, ASLEEP_MS = 20000;
  const WAITS_S = [1, 2, 4, 8, 15, 30];

  function follow({ ticketForm, onNews, onState, onSignedOut }) {
    let socket = null, heardAt = 0, failures = 0, timer = 0, watchedAt = Date.now(), isOver = false;

    const isLive = () => socket !== null && socket.readyState === WebSocket.OPEN && Date.now() - heardAt < SILENT_MS;

    async function connect() {
      clearTimeout(timer);
      timer = 0;
      if (isOver) return;
      try {
        const answer = await fetch(ticketForm.action, {
          method: "POST", body: new FormData(ticketForm), headers: { "X-Background": "1" }, redirect: "manual",
          signal: AbortSignal.timeout(10000),
        });
        if (answer.type === "opaqueredirect" || answer.status === 401) { onSignedOut(); return; }
        if (answer.status !== 201) throw new Error(String(answer.status));
        open((await answer.json()).ticket);
      } catch {
        again();
      }
    }

    function open(ticket) {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      const opened = new WebSocket(`${scheme}://${location.host}/ws/alerts?ticket=${encodeURIComponent(ticket)}`);
      socket = opened;
      opened.onmessage = (message) => {
        if (socket !== opened) return;
        const event = JSON.parse(message.data);
        heardAt = Date.now();
        if (event.type === "stream.opened") failures = 0;
        if (event.type !== "ping") onNews(event.type);
        onState();
      };
      opened.onclose = (closed) => {
        if (socket !== opened) return;
        socket = null;
        // Whoever is signed out, or has other rights now, is told by the answer to the next question.
        if (closed.code === 4401) onNews("stream.closed");
        onState();
        again();
      };
    }

    function again() {
      onState();
      if (isOver || timer) return;
      const seconds = WAITS_S[Math.min(failures++, WAITS_S.length - 1)];
      timer = setTimeout(connect, seconds * 1000 * (0.75 + Math.random() / 2));
    }

    function drop() {
      const former = socket;
      socket = null;
      if (former) former.close();
      again();
    }

    // A laptop that slept, or a line that died without a word: no event tells of either.
    function watch() {
      const now = Date.now(), slept = Math.abs(now - watchedAt) > ASLEEP_MS;
      watchedAt = now;
      if (slept) { failures = 0; onNews("woke"); }
      if (socket && socket.readyState === WebSocket.OPEN && (slept || now - heardAt > SILENT_MS)) drop();
      onState();
    }

    window.addEventListener("online", () => { failures = 0; onNews("online"); if (!isLive()) connect(); });
    window.addEventListener("offline", drop);
    setInterval(watch, WATCH_MS);
    connect();
    return { isLive, stop: () => { isOver = true; clearTimeout(timer); drop(); } };
  }

  return { follow };
})();
