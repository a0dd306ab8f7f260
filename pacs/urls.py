"""Addresses of the PACS procedure, all under /pacs/."""

from django.urls import URLPattern, path, register_converter

from demarches.web.converters import ReferenceConverter
from pacs.views import (
    after,
    appointment_link,
    appointments,
    documents,
    dossier,
    guidance,
    helping,
    messages,
    partner,
    pieces,
    simulator,
    steps,
)

app_name = "pacs"

register_converter(ReferenceConverter, "ref")

urlpatterns: list[URLPattern] = [
    # /pacs/: what a PACS is
    path("", guidance.pacs_home, name="home"),
    path("comment-ca-se-passe/", guidance.how_it_goes, name="how"),
    path("convention/", guidance.convention_explained, name="convention-explained"),
    path("ce-que-change-un-pacs/", guidance.effects, name="effects"),
    # /pacs/apres/: a PACS that is registered, here or elsewhere
    path("apres/", after.after_home, name="after-home"),
    path("apres/documents/<slug:slug>/", after.after_papers, name="after-papers"),
    path("apres/<slug:slug>/", after.after_keeper, name="after-keeper"),
    # /pacs/pieces: the public simulator, and its rules
    path("pieces/", simulator.simulator, name="simulator"),
    path("pieces.pdf", simulator.simulator_pdf, name="simulator-pdf"),
    path("pieces.ics", simulator.simulator_ics, name="simulator-ics"),
    path("dossier-papier.pdf", simulator.blank_set, name="blank-set"),
    path("resultats/<slug:slug>/", simulator.outcome, name="outcome"),
    path("regles.json", simulator.rules_json, name="rules-json"),
    path("comment-nous-decidons/", simulator.how_we_decide, name="how-we-decide"),
    # /pacs/commencer/: open a dossier
    path("commencer/", dossier.dossier_start, name="dossier-start"),
    path("fermer/", partner.partner_leave, name="partner-leave"),
    # /pacs/rendez-vous/<token>/: from a mail, without a sign-in
    path("rendez-vous/<str:token>/", appointment_link.ask, name="appointment-link"),
    path(
        "rendez-vous/<str:token>/changer/",
        appointment_link.change,
        name="appointment-link-change",
    ),
    path("rendez-vous/<str:token>/deplacer/", appointment_link.move, name="appointment-link-move"),
    # /pacs/<reference>/: the couple's dossier
    path("<ref:reference>/", dossier.dossier_home, name="dossier"),
    path("<ref:reference>/commun/<slug:slug>/", steps.common_step, name="common-step"),
    path("<ref:reference>/moi/confirmer/", partner.said, name="said"),
    path("<ref:reference>/moi/<slug:slug>/", steps.own_step, name="own-step"),
    path(
        "<ref:reference>/impossible/<slug:slug>/", dossier.dossier_outcome, name="dossier-outcome"
    ),
    path("<ref:reference>/verifier/", dossier.dossier_review, name="dossier-review"),
    path("<ref:reference>/corriger/", dossier.dossier_correct, name="dossier-correct"),
    path("<ref:reference>/envoyer/", dossier.dossier_submit, name="dossier-submit"),
    path("<ref:reference>/envoye/", dossier.dossier_sent, name="dossier-sent"),
    path("<ref:reference>/avis/", dossier.dossier_feedback, name="dossier-feedback"),
    path("<ref:reference>/renvoyer/", dossier.dossier_resubmit, name="dossier-resubmit"),
    path("<ref:reference>/garder/", dossier.dossier_keep, name="dossier-keep"),
    path("<ref:reference>/arreter/", dossier.dossier_stop, name="dossier-stop"),
    # … its pieces and papers
    path("<ref:reference>/pieces/", pieces.dossier_pieces, name="dossier-pieces"),
    path("<ref:reference>/pieces/<str:key>/", pieces.dossier_piece, name="dossier-piece"),
    path("<ref:reference>/fichiers/<num:pk>/", pieces.piece_file, name="piece-file"),
    path(
        "<ref:reference>/fichiers/<num:pk>/retirer/",
        pieces.piece_file_remove,
        name="piece-file-remove",
    ),
    path("<ref:reference>/papiers/<slug:slug>.pdf", documents.dossier_paper, name="dossier-paper"),
    path("<ref:reference>/convention/", documents.dossier_convention, name="dossier-convention"),
    # … its appointment
    path("<ref:reference>/rendez-vous/", appointments.appointment, name="appointment"),
    path(
        "<ref:reference>/rendez-vous/choisir/",
        appointments.appointment_choose,
        name="appointment-choose",
    ),
    path(
        "<ref:reference>/rendez-vous/confirmer/",
        appointments.appointment_confirm,
        name="appointment-confirm",
    ),
    path(
        "<ref:reference>/rendez-vous/annuler/",
        appointments.appointment_cancel,
        name="appointment-cancel",
    ),
    path(
        "<ref:reference>/rendez-vous/plus-tot/",
        appointments.appointment_earlier,
        name="appointment-earlier",
    ),
    path(
        "<ref:reference>/rendez-vous/rendre/",
        appointments.appointment_refuse,
        name="appointment-refuse",
    ),
    path("<ref:reference>/rendez-vous.ics", appointments.appointment_file, name="appointment-file"),
    # … its two people
    path("<ref:reference>/partenaire/", partner.partner_door, name="partner-door"),
    path("<ref:reference>/invitation/", partner.partner_invited, name="partner-invited"),
    path("<ref:reference>/passer/", partner.partner_handover, name="partner-handover"),
    path("<ref:reference>/ouvrir/", partner.partner_unlock, name="partner-unlock"),
    path("<ref:reference>/rejoindre/", partner.partner_join, name="partner-join"),
    path("<ref:reference>/quitter/", partner.partner_quit, name="partner-quit"),
    path("<ref:reference>/confirmer/", partner.partner_confirm, name="partner-confirm"),
    path("<ref:reference>/attester/", partner.partner_attest, name="partner-attest"),
    path("<ref:reference>/aide/", helping.helper, name="helper"),
    path("<ref:reference>/aider/", helping.helper_join, name="helper-join"),
    # … and what is said about it
    path("<ref:reference>/messages/", messages.dossier_messages, name="dossier-messages"),
]
