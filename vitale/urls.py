"""Addresses of the guide on the Carte Vitale, all under /vitale/ and open to all."""

from django.urls import path

from vitale import views

app_name = "vitale"

urlpatterns = [
    path("", views.home, name="home"),
    path("que-dois-je-faire/", views.router, name="router"),
    path("que-dois-je-faire/plan/", views.plan, name="plan"),
    path("que-dois-je-faire/plan.pdf", views.plan_sheet, name="plan-sheet"),
]
