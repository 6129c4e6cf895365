from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.commands.api.serializers import NewTemplateSerializer, TemplateSerializer
from devices.commands.models import CommandTemplate
from devices.commands.templates import change_template, create_template, remove_template
from tenancy.api.lookups import one_or_404, uuid_or_404
from tenancy.api.pagination import ItemsPagination
from tenancy.api.routing import RoutedView


class TemplatePagination(ItemsPagination):
    ordering = ("name", "id")


class TemplatesView(RoutedView, GenericAPIView[CommandTemplate]):
    queryset = CommandTemplate.objects.none()  # for the schema
    serializer_class = TemplateSerializer
    pagination_class = TemplatePagination

    @extend_schema(operation_id="command_templates_list", responses=TemplateSerializer(many=True))
    def get(self, request: Request) -> Response:
        """By name."""
        page = self.paginate_queryset(CommandTemplate.objects.all()) or []
        return self.get_paginated_response(TemplateSerializer(page, many=True).data)

    @extend_schema(request=NewTemplateSerializer, responses={201: TemplateSerializer})
    def post(self, request: Request) -> Response:
        form = NewTemplateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(TemplateSerializer(create_template(**form.validated_data)).data, status=201)


class TemplateView(RoutedView, APIView):
    @extend_schema(responses=TemplateSerializer)
    def get(self, request: Request, templateId: str) -> Response:
        return Response(TemplateSerializer(named_template(templateId)).data)

    @extend_schema(request=NewTemplateSerializer(partial=True), responses=TemplateSerializer)
    def patch(self, request: Request, templateId: str) -> Response:
        """What is not named stays. Commands that were made of it do not change."""
        template, form = named_template(templateId), NewTemplateSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        change_template(template=template, changes=form.validated_data)
        return Response(TemplateSerializer(named_template(templateId)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, templateId: str) -> Response:
        remove_template(template=named_template(templateId))
        return Response(status=204)


def named_template(template_id: str) -> CommandTemplate:
    template: CommandTemplate = one_or_404(CommandTemplate.objects.filter(public_id=uuid_or_404(template_id)))
    return template
