from __future__ import annotations

from urllib.parse import SplitResult

from corsheaders.middleware import CorsMiddleware

from tenancy.origins import origin_is_allowed


class AllowedOrigins(CorsMiddleware):
    def origin_found_in_white_lists(self, origin: str, url: SplitResult) -> bool:
        return origin_is_allowed(origin)
