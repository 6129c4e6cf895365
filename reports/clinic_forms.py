"""Every form of a page carries the clinic for which it was shown: a form of the one is not saved in the other.

Two tabs share a session. Whoever switches the clinic in one of them and saves in the other would write there.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest, HttpResponse
from django.template.defaulttags import CsrfTokenNode
from django.template.response import TemplateResponse
from django.utils.html import format_html

FIELD = "for_clinic"
# They do not write into the clinic.
ANY_CLINIC = {"logout", "switch_organization"}

register = template.Library()


class ClinicFormNode(CsrfTokenNode):
    def render(self, context: Any) -> str:
        principal = getattr(context.get("request"), "principal", None)
        code = getattr(principal, "organization_code", "")
        field = format_html('<input type="hidden" name="{}" value="{}">', FIELD, code) if code else ""
        return super().render(context) + field


@register.tag("csrf_token")
def csrf_token(parser: Any, token: Any) -> ClinicFormNode:
    """In the place of Django's, which every form has already, those of the theme too."""
    return ClinicFormNode()


def refusal_of_another_clinics_form(request: HttpRequest) -> HttpResponse | None:
    principal = getattr(request, "principal", None)
    match = request.resolver_match
    if request.method != "POST" or principal is None or (match and match.url_name in ANY_CLINIC):
        return None
    meant = request.POST.get(FIELD)
    if meant is None or meant == principal.organization_code:
        return None
    context = {"here": principal.organization_name}
    return TemplateResponse(request, "workplace/another_clinic.html", context, status=409)
