"""Guidance on the Carte Vitale."""

from django.apps import AppConfig


class VitaleConfig(AppConfig):
    name = "vitale"
    verbose_name = "Carte Vitale"
