"""The pages that people see on the way to a connection. They need no script and look like nobody's but ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

from dexcom_sync.sandbox.scenarios import SCENARIOS
from dexcom_sync.sandbox.users import User

STYLE = """
:root { color-scheme: light dark; --line: #8886; --accent: #22577a; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; }
label { display: block; padding: .35rem 0; } small { opacity: .8; }
input[type=text] { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
button { font: inherit; padding: .55rem 1.2rem; border-radius: 8px; border: 1px solid var(--line); cursor: pointer; }
button.first { background: var(--accent); color: #fff; } .error { border-left: 4px solid #b3261e; padding-left: .8rem; }
"""
HEADERS = {
    "Cache-Control": "no-store",
    # Without form-action: browsers hold redirects behind a form to it, too.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
HOSTS = {"sandbox": "Sandbox", "us": "United States", "eu": "Outside the United States", "jp": "Japan"}


def choose_user(users: Iterable[User], asked: Mapping[str, str], host: str, error: str = "") -> HTMLResponse:
    choices = "".join(_choice(user) for user in users)
    said = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    body = f"""<h1>Glucose sandbox: who signs in?</h1><p>Host: {HOSTS[host]}. Everybody here is simulated; there is no
    password.</p>{said}<form method="get">{_hidden(asked)}<fieldset><legend>User</legend>{choices}</fieldset>
    <button class="first">Sign in</button></form>"""
    return _page("Sign in", body, 401 if error else 200)


def consent(user: str, asked: Mapping[str, str], error: str = "") -> HTMLResponse:
    said = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    body = f"""<h1>Share glucose data?</h1><p><strong>{escape(asked["client_id"])}</strong> asks to read the glucose
    readings, events, calibrations, alerts and device settings of <strong>{escape(user)}</strong>, until you withdraw
    this.</p>{said}<form method="post">{_hidden({**asked, "_user": user})}
    <label for="signature">Type your name as your signature</label>
    <input type="text" id="signature" name="_signature" autocomplete="off">
    <p><button class="first" name="_approve" value="1">Approve</button>
    <button name="_approve" value="0">Deny</button></p></form>"""
    return _page("Share glucose data?", body, 400 if error else 200)


def error_page(title: str, text: str) -> HTMLResponse:
    return _page(title, f'<h1>{escape(title)}</h1><p class="error">{escape(text)}</p>', 400)


def _choice(user: User) -> str:
    name, about = escape(user.spec.name), escape(SCENARIOS[user.spec.scenario].about)
    return f'<label><input type="radio" name="_user" value="{name}" required> {name} <small>{about}</small></label>'


def _hidden(asked: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items()
    )


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>",
        status,
        HEADERS,
    )
