"use strict";
// Chooses every device of the page, and says how many are chosen. Without this file each is chosen by itself.
(() => {
  const form = document.getElementById("fleet-change");
  const all = document.getElementById("fleet-all");
  const told = document.getElementById("fleet-chosen");
  if (!form || !all || !told) return;
  const boxes = () => [...document.querySelectorAll("input[name=device]")];
  const tell = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    told.textContent = chosen === 1 ? "1 device chosen" : `${chosen} devices chosen`;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
  };
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    tell();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "device") tell();
  });
  tell();
})();
