"""Addresses of the Carte Vitale, all under /vitale/."""

from django.urls import path

from vitale.views import aide, codes, guide, meetings, suivi

app_name = "vitale"

urlpatterns = [
    path("", guide.home, name="home"),
    # que-dois-je-faire/: the questions and the plan
    path("que-dois-je-faire/", guide.router, name="router"),
    path("que-dois-je-faire/plan/", guide.plan, name="plan"),
    path("que-dois-je-faire/plan.pdf", guide.plan_sheet, name="plan-sheet"),
    # suivi/: the resident's aide-mémoire
    path("suivi/", suivi.start, name="suivi-start"),
    path("suivi/ouvrir/", codes.open_page, name="codes-open"),
    path("suivi/retrouver/", codes.ask_ways_in, name="codes-lost"),
    path("suivi/retrouver/<str:token>/", codes.way_in, name="suivi-way-in"),
    path("suivi/fermer/", codes.leave, name="codes-leave"),
    path("suivi/rappels/<str:token>/", suivi.reminder_choice, name="suivi-reminder-choice"),
    path("suivi/<slug:reference>/", suivi.page, name="suivi"),
    path("suivi/<slug:reference>/etape/<slug:step>/", suivi.step, name="suivi-step"),
    path("suivi/<slug:reference>/voie/", suivi.route, name="suivi-route"),
    path("suivi/<slug:reference>/rappels/", suivi.reminders, name="suivi-reminders"),
    path("suivi/<slug:reference>/codes/", codes.suivi_codes, name="suivi-codes"),
    path("suivi/<slug:reference>/dates.ics", suivi.calendar, name="suivi-calendar"),
    path("suivi/<slug:reference>/donnees.json", suivi.export, name="suivi-export"),
    path("suivi/<slug:reference>/terminer/", suivi.close, name="suivi-close"),
    path("suivi/<slug:reference>/garder/", suivi.attach, name="suivi-attach"),
    path("suivi/<slug:reference>/effacer/", suivi.delete, name="suivi-delete"),
    # aide/: requests for help to the mairie
    path("aide/", aide.start, name="aide-start"),
    path("aide/<ref:reference>/", aide.page, name="aide"),
    path("aide/<ref:reference>/codes/", codes.demande_codes, name="aide-codes"),
    path("aide/<ref:reference>/annuler/", aide.cancel, name="aide-cancel"),
    path("aide/<ref:reference>/rendez-vous/", meetings.choose, name="aide-meeting"),
    path(
        "aide/<ref:reference>/rendez-vous/confirmer/",
        meetings.confirm,
        name="aide-meeting-confirm",
    ),
    path(
        "aide/<ref:reference>/rendez-vous/renoncer/",
        meetings.give_up,
        name="aide-meeting-give-up",
    ),
    path("aide/<ref:reference>/rendez-vous.ics", meetings.calendar, name="aide-meeting-file"),
]
