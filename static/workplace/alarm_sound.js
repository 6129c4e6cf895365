"use strict";
// What the browser sounds and notifies of. Both are off until somebody switches them on here, and stay so in this browser.
window.alarmSound = (() => {
  // Pairs of frequency and begin, in Hz and seconds.
  const TUNES = {
    critical: [[880, 0], [1175, 0.2], [880, 0.4], [1175, 0.6]],
    other: [[660, 0], [550, 0.25]],
    lost: [[330, 0], [247, 0.35], [330, 0.7]],
  };
  let audio = null;

  const remembered = (name) => {
    try { return localStorage.getItem(`alarms.${name}`) === "on"; } catch { return false; }
  };
  const remember = (name, on) => {
    try { localStorage.setItem(`alarms.${name}`, on ? "on" : "off"); } catch { /* a browser that keeps nothing */ }
  };

  function open() {
    audio = audio || new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
  }

  function play(name) {
    if (!remembered("sound")) return;
    open();
    if (audio.state !== "running") return;
    for (const [frequency, begin] of TUNES[name] || TUNES.other) {
      const tone = audio.createOscillator(), volume = audio.createGain();
      const at = audio.currentTime + begin;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.18);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.2);
    }
    document.documentElement.dataset.alarmRang = String(Number(document.documentElement.dataset.alarmRang || 0) + 1);
  }

  function notify(id, severity, notice) {
    if (!remembered("notify") || !("Notification" in window) || Notification.permission !== "granted") return;
    // The tag: two tabs show one.
    const shown = new Notification(notice, { tag: id, requireInteraction: severity === "critical" });
    shown.onclick = () => { window.focus(); shown.close(); };
  }

  function soundWords() {
    if (!remembered("sound")) return "Sound: off";
    return audio && audio.state === "running" ? "Sound: on" : "Sound: click anywhere to let it ring";
  }

  function watch(soundButton, notifyButton) {
    const show = () => {
      soundButton.textContent = soundWords();
      soundButton.setAttribute("aria-pressed", String(remembered("sound")));
      const granted = "Notification" in window && Notification.permission === "granted";
      const refused = "Notification" in window && Notification.permission === "denied";
      const on = remembered("notify") && granted;
      notifyButton.textContent = refused ? "Notifications: blocked by this browser" : `Notifications: ${on ? "on" : "off"}`;
      notifyButton.setAttribute("aria-pressed", String(on));
      notifyButton.hidden = !("Notification" in window);
    };
    soundButton.addEventListener("click", () => {
      remember("sound", !remembered("sound"));
      if (remembered("sound")) { open(); audio.resume().then(() => { show(); play("other"); }, show); }
      show();
    });
    notifyButton.addEventListener("click", async () => {
      const on = remembered("notify") && Notification.permission === "granted";
      if (!on && Notification.permission === "default") await Notification.requestPermission();
      remember("notify", !on && Notification.permission === "granted");
      show();
    });
    // After a reload browsers keep silent until the first click or key.
    for (const kind of ["pointerdown", "keydown"]) {
      document.addEventListener(kind, () => {
        if (remembered("sound") && (!audio || audio.state !== "running")) { open(); audio.resume().then(show, show); }
      });
    }
    if (remembered("sound")) open();
    show();
  }

  return { play, notify, watch };
})();
