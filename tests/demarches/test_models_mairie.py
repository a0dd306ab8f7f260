from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from demarches.models import Closure, Entrance, Mairie, OpeningHours, Service
from demarches.rules.opening_hours import PARIS

pytestmark = pytest.mark.django_db

MONDAY_MORNING = datetime(2026, 11, 23, 9, tzinfo=PARIS)


@pytest.fixture
def mairie() -> Mairie:
    return Mairie.objects.create(
        name="Mairie de Lussan", commune="Lussan", insee_code="30151", postal_code="30580"
    )


@pytest.fixture
def accueil(mairie: Mairie) -> Service:
    return Service.objects.create(mairie=mairie, slug="accueil", label="Accueil")


def hours(service: Service, **fields: Any) -> OpeningHours:
    return OpeningHours(
        service=service, **{"weekday": 0, "opens": time(8), "closes": time(12), **fields}
    )


def closure(mairie: Mairie, first: date, last: date, **fields: Any) -> Closure:
    return Closure(
        mairie=mairie, **{"first_day": first, "last_day": last, "reason": "travaux", **fields}
    )


def expression(mairie: Mairie, at: datetime = MONDAY_MORNING) -> str:
    mairie.refresh_from_db()
    return mairie.schedule(at).expression("accueil")


def test_fixtures_hold_the_facts_of_uzes() -> None:
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)

    uzes = Mairie.objects.get()
    schedule = uzes.schedule(MONDAY_MORNING)

    assert uzes.insee_code == "30334"
    assert uzes.phone.as_e164 == "+33466034848"
    assert uzes.postal_address == "BP 71103, 30701 Uzès cedex"
    assert [str(entrance) for entrance in schedule.entrances] == [
        "1, place du Duché, 30700 Uzès",
        "1, place Albert 1er, 30700 Uzès",
    ]
    assert schedule.expression("accueil") == (
        "Mo-Th 08:00-12:00,13:30-16:45; Fr 08:00-12:00,13:30-16:15; PH off"
    )
    assert schedule.expression("etat-civil") == (
        "Mo-Th 08:00-12:00,13:30-16:45; Fr 08:00-12:00,13:30-16:15; Sa[1,3] 08:00-12:00; PH off"
    )
    assert schedule.expression("unknown") == ""
    # Nothing that the mairie did not give is invented.
    assert (uzes.email, uzes.website, uzes.data_protection_contact) == ("", "", "")


def test_postal_address_without_a_line_is_the_city(mairie: Mairie) -> None:
    mairie.postal_city = "Lussan"

    assert mairie.postal_address == "30580 Lussan"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"closes": time(8)}, "L’heure de fermeture doit suivre l’heure d’ouverture."),
        ({"closes": time(7)}, "L’heure de fermeture doit suivre l’heure d’ouverture."),
        ({"weeks": "6"}, "Les semaines du mois vont de 1 à 5."),
        ({"weeks": "3,1"}, "Les semaines du mois vont de 1 à 5."),
        ({"weekday": 7}, "La valeur «\u00a07\u00a0» n’est pas un choix valide."),
        (
            {"valid_from": date(2027, 1, 2), "valid_until": date(2027, 1, 1)},
            "La date de fin doit suivre la date de début.",
        ),
    ],
)
def test_impossible_hours_are_refused_by_the_form_and_by_the_database(
    accueil: Service, fields: dict[str, Any], message: str
) -> None:
    row = hours(accueil, **fields)

    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()

    assert message in refusal.value.messages


def test_overlap_is_refused_with_the_row_that_is_in_the_way(accueil: Service) -> None:
    hours(accueil).save()

    with pytest.raises(ValidationError) as refusal:
        hours(accueil, opens=time(11), closes=time(13)).full_clean()

    assert refusal.value.messages == [
        "Ces heures se chevauchent avec une autre ligne : lundi de 8\u00a0h à 12\u00a0h. Corrigez"
        " l’une des deux, ou donnez-leur des semaines ou des dates différentes."
    ]


def test_row_does_not_overlap_itself_nor_its_neighbours(accueil: Service) -> None:
    row = hours(accueil)
    row.save()
    other = Service.objects.create(mairie=accueil.mairie, slug="etat-civil", label="État civil")

    row.full_clean()
    hours(accueil, opens=time(12), closes=time(13)).full_clean()
    hours(accueil, weekday=1).full_clean()
    hours(other).full_clean()


def test_empty_row_is_told_about_its_fields_only(accueil: Service) -> None:
    with pytest.raises(ValidationError) as refusal:
        OpeningHours(service=accueil).full_clean()

    assert sorted(refusal.value.message_dict) == ["closes", "opens", "weekday"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"first": date(2026, 12, 24), "last": date(2026, 12, 23)},
            "La fin de la fermeture doit suivre son début.",
        ),
        (
            {
                "first": date(2026, 12, 24),
                "last": date(2026, 12, 24),
                "from_time": time(14),
                "until_time": time(14),
            },
            "La fin de la fermeture doit suivre son début.",
        ),
        (
            {"first": date(2026, 12, 24), "last": date(2026, 12, 25), "until_time": time(0)},
            "Pour fermer jusqu’au bout du dernier jour, laissez l’heure de fin vide.",
        ),
    ],
)
def test_impossible_closure_is_refused_by_the_form_and_by_the_database(
    mairie: Mairie, fields: dict[str, Any], message: str
) -> None:
    row = closure(mairie, **fields)

    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()

    assert message in refusal.value.messages


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"from_time": time(14)},
        {"until_time": time(10)},
        {"from_time": time(10), "until_time": time(14)},
    ],
)
def test_closure_of_one_day_may_have_any_hours(mairie: Mairie, times: dict[str, time]) -> None:
    row = closure(mairie, date(2026, 12, 24), date(2026, 12, 24), **times)

    row.full_clean()
    row.save()

    assert Closure.objects.get().as_rule() == row.as_rule()


def test_closure_of_another_mairies_service_is_refused(mairie: Mairie, accueil: Service) -> None:
    other = Mairie.objects.create(name="Mairie d’Arpaillargues", insee_code="30014")

    with pytest.raises(ValidationError) as refusal:
        closure(other, date(2026, 12, 24), date(2026, 12, 24), service=accueil).full_clean()

    assert refusal.value.message_dict == {"service": ["Ce service n’est pas de cette mairie."]}


def test_coordinates_come_together_or_not_at_all(mairie: Mairie) -> None:
    half = Entrance(
        mairie=mairie,
        street="Place",
        postal_code="30580",
        city="Lussan",
        latitude=Decimal("44.15"),
    )

    with pytest.raises(ValidationError) as refusal:
        half.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        half.save()

    assert (
        "Donnez la latitude et la longitude ensemble, en degrés, ou aucune des deux."
        in refusal.value.messages
    )


def test_map_link_uses_the_coordinates_when_they_are_known(mairie: Mairie) -> None:
    entrance = Entrance(street="1, place du Duché", postal_code="30700", city="Uzès")
    by_address = entrance.map_url
    entrance.latitude, entrance.longitude = Decimal("44.012345"), Decimal("4.419999")

    assert by_address == (
        "https://www.openstreetmap.org/search?query=1%2C+place+du+Duch%C3%A9%2C+30700+Uz%C3%A8s"
    )
    assert entrance.map_url == (
        "https://www.openstreetmap.org/?mlat=44.012345&mlon=4.419999#map=18/44.012345/4.419999"
    )


# What is kept in memory never outlives a change


def test_every_change_of_a_row_is_seen_at_once(mairie: Mairie, accueil: Service) -> None:
    assert expression(mairie) == ""

    row = hours(accueil)
    row.save()
    assert expression(mairie) == "Mo 08:00-12:00; PH off"

    row.closes = time(11)
    row.save(update_fields=["closes"])
    assert expression(mairie) == "Mo 08:00-11:00; PH off"

    shut = closure(mairie, date(2026, 12, 24), date(2026, 12, 24))
    shut.save()
    assert expression(mairie) == 'Mo 08:00-11:00; PH off; 2026 Dec 24 off "travaux"'

    Closure.objects.all().delete()
    assert expression(mairie) == "Mo 08:00-11:00; PH off"

    accueil.delete()
    assert expression(mairie) == ""


def test_loading_the_fixtures_again_is_seen_at_once() -> None:
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)
    uzes = Mairie.objects.get()
    before = expression(uzes)
    OpeningHours.objects.filter(service__slug="accueil", weekday=4).delete()
    without_friday = expression(uzes)

    call_command("loaddata", "opening_hours", verbosity=0)

    assert without_friday == "Mo-Th 08:00-12:00,13:30-16:45; PH off"
    assert expression(uzes) == before


def test_hours_are_read_once_and_then_kept(
    mairie: Mairie, accueil: Service, django_assert_num_queries: Any
) -> None:
    hours(accueil).save()
    mairie.refresh_from_db()

    with django_assert_num_queries(5):
        first = mairie.schedule(MONDAY_MORNING)
    with django_assert_num_queries(0):
        again = mairie.schedule(MONDAY_MORNING)

    assert again == first


def test_what_is_over_leaves_the_published_expression(mairie: Mairie, accueil: Service) -> None:
    hours(accueil, valid_until=date(2026, 11, 22)).save()
    hours(accueil, opens=time(9), valid_from=date(2026, 11, 23)).save()
    closure(mairie, date(2026, 11, 20), date(2026, 11, 22)).save()
    closure(mairie, date(2026, 11, 20), date(2026, 11, 23)).save()

    last_week = expression(mairie, datetime(2026, 11, 20, 9, tzinfo=PARIS))

    assert "2026 Nov 20-2026 Nov 22 off" in last_week
    assert expression(mairie) == (
        "2026 Nov 23+ off; 2026 Nov 23+ Mo 09:00-12:00; PH off;"
        ' 2026 Nov 20-2026 Nov 23 off "travaux"'
    )


def test_closure_of_one_service_leaves_the_others_open(mairie: Mairie, accueil: Service) -> None:
    other = Service.objects.create(mairie=mairie, slug="etat-civil", label="État civil")
    for service in (accueil, other):
        hours(service).save()
    closure(mairie, date(2026, 11, 23), date(2026, 11, 23), service=other).save()
    mairie.refresh_from_db()

    states = [s.state(MONDAY_MORNING).is_open for s in mairie.schedule(MONDAY_MORNING).services]

    assert states == [True, False]


def test_notices_tell_closures_and_the_holidays_that_matter(
    mairie: Mairie, accueil: Service
) -> None:
    for weekday in (0, 3):
        hours(accueil, weekday=weekday).save()
    closure(mairie, date(2026, 5, 20), date(2026, 5, 21)).save()
    closure(mairie, date(2026, 5, 4), date(2026, 5, 5), service=accueil).save()
    closure(mairie, date(2026, 7, 1), date(2026, 7, 1)).save()
    mairie.refresh_from_db()

    notices = mairie.schedule(datetime(2026, 5, 5, tzinfo=PARIS)).notices(
        date(2026, 5, 5), date(2026, 6, 30)
    )

    # 8 May is a Friday, on which nobody works here; 1 July is too far.
    assert [(n.first_day.day, n.reason, n.service) for n in notices] == [
        (4, "travaux", "Accueil"),
        (14, "Ascension, jour férié", ""),
        (20, "travaux", ""),
        (25, "Lundi de Pentecôte, jour férié", ""),
    ]


def test_names_of_the_rows(mairie: Mairie, accueil: Service) -> None:
    shut = closure(mairie, date(2026, 12, 24), date(2026, 12, 26))

    assert (str(mairie), str(accueil)) == ("Mairie de Lussan", "Accueil")
    assert str(hours(accueil)) == "lundi de 8\u00a0h à 12\u00a0h"
    assert str(shut) == "du 24 au 26\u00a0décembre 2026 (travaux)"
