"""Every address of the portal; each procedure has its own file."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from uzes_portal import views

urlpatterns = [
    path("", views.home, name="home"),
    # /compte/: sign-in by a code sent by mail
    path("compte/", include("allauth.account.urls")),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    path("", include("demarches.urls")),
    path("pacs/", include("pacs.urls")),
]
