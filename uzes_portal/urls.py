"""Every address of the portal; each procedure has its own file."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from demarches.views import signin
from uzes_portal import (
    agenda_feed,
    csp_reports,
    deletion,
    metrics,
    mine,
    security_txt,
    styleguide,
    views,
)

handler500 = "uzes_portal.failures.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    # About the portal itself
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("donnees-personnelles/", views.privacy, name="privacy"),
    path("mentions-legales/", views.legal_notice, name="legal-notice"),
    path("modalites-d-utilisation/", views.terms, name="terms"),
    path("plan-du-site/", views.site_map, name="site-map"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", security_txt.security_txt, name="security-txt"),
    path("mesures/", metrics.metrics, name="metrics"),
    path("rapports/csp/", csp_reports.csp_report, name="csp-report"),
    # /compte/: sign-in by a code sent by mail. The names are those django-allauth asks for; the
    # rest of its pages (passwords, addresses) is left out on purpose.
    path("compte/connexion/", signin.SignInView.as_view(), name="account_login"),
    path("compte/connexion/", signin.SignInView.as_view(), name="account_signup"),
    path("compte/connexion/", signin.SignInView.as_view(), name="account_request_login_code"),
    path("compte/code/", signin.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("compte/deconnexion/", signin.SignOutView.as_view(), name="account_logout"),
    path("compte/", include("demarches.oidc.urls")),
    # /mes-demarches/donnees: what is kept of whoever is signed in, in every procedure
    path("mes-demarches/donnees/", mine.mine, name="mine"),
    path("mes-demarches/supprimer/", deletion.mine_delete, name="mine-delete"),
    path("mes-demarches/fermer/", deletion.mine_close, name="mine-close"),
    path("mes-demarches/donnees.pdf", mine.mine_pdf, name="mine-pdf"),
    path("mes-demarches/donnees.json", mine.mine_json, name="mine-json"),
    # /agenda/: what the calendar programs of agents read, under a secret address
    path("agenda/<num:pk>/<slug:secret>/rendez-vous.ics", agenda_feed.feed, name="agenda-feed"),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    path("", include("demarches.urls")),
    path("pacs/", include("pacs.urls")),
    path("vitale/", include("vitale.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide.styleguide, name="styleguide"))
