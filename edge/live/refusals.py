from __future__ import annotations

from rest_framework.exceptions import APIException


class Full(APIException):
    status_code = 503
    default_detail = "As many streams are open here as there may be. Please try again."
    default_code = "full"
    wait = 10


class NoStreams(APIException):
    status_code = 503
    default_detail = "Live streams are not available at the moment. Please try again."
    default_code = "no_streams"
    wait = 5
