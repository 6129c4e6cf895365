from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urlsplit

BASE_URLS: Final[Mapping[str, str]] = {
    "sandbox": "https://sandbox-api.dexcom.com",
    "us": "https://api.dexcom.com",
    "eu": "https://api.dexcom.eu",
    "jp": "https://api.dexcom.jp",
}
SCOPE = "offline_access"


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration with one region; another region has another one. ``oauth_version``: "v3" or "v2"."""

    region: str
    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    oauth_version: str = "v3"

    def __post_init__(self) -> None:
        if self.oauth_version not in {"v2", "v3"}:
            raise ValueError("The version of Dexcom's OAuth addresses is v2 or v3.")
        if urlsplit(self.base_url).scheme not in {"http", "https"} or self.base_url.endswith("/"):
            raise ValueError("Give Dexcom's base URL as https://host, without a slash at its end.")

    @property
    def host(self) -> str:
        """With the path, where there is one: whose budget a call spends."""
        address = urlsplit(self.base_url)
        return address.netloc + address.path

    @property
    def token_url(self) -> str:
        return f"{self.base_url}/{self.oauth_version}/oauth2/token"

    def authorization_url(self, state: str) -> str:
        """Where the patient's browser goes for consent."""
        query = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
        }
        return f"{self.base_url}/{self.oauth_version}/oauth2/login?{urlencode(query)}"
