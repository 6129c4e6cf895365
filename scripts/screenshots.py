"""The pictures of the README, from a running demo: python -m scripts.screenshots http://127.0.0.1:8000"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LARGEST = 200_000


def main(address: str) -> None:
    email = os.environ.get("SCREENSHOT_EMAIL", "clinician@northside.example")
    chromium = shutil.which("chromium") or sys.exit("chromium is not installed: apt install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 820})
        page.goto(f"{address}/admin/")
        page.fill("#id_username", email)
        page.fill("#id_password", os.environ.get("SCREENSHOT_PASSWORD", "demo-glucose-2026"))
        page.click("#login-form button[type=submit]")
        page.wait_for_url("**/admin/patients/patient/")
        take(page, "patients.png")
        page.click(".w-patients tbody tr:nth-child(2) a")
        page.wait_for_load_state("networkidle")
        take(page, "patient.png")
        browser.close()


def take(page: Page, name: str) -> None:
    path = IMAGES / name
    page.screenshot(path=path)
    size = path.stat().st_size
    print(f"{path.relative_to(IMAGES.parent.parent)}: {size // 1000} kB")
    if size > LARGEST:
        sys.exit(f"{name} is larger than {LARGEST // 1000} kB.")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
