"""Addresses shared by every procedure."""

from django.urls import URLPattern

app_name = "demarches"

urlpatterns: list[URLPattern] = []
