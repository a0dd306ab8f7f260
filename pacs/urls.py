"""Addresses of the PACS procedure, all under /pacs/."""

from django.urls import URLPattern

app_name = "pacs"

urlpatterns: list[URLPattern] = []
