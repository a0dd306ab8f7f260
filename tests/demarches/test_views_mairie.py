import json
import re
from datetime import date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from demarches.models import Closure, Entrance, Mairie, OpeningHours
from demarches.rules.opening_hours import PARIS
from tests.support.pages import Answer
from tests.support.reference import load

pytestmark = pytest.mark.django_db

MONDAY_MORNING = datetime(2026, 11, 23, 9, tzinfo=PARIS)
FIRST_SATURDAY = datetime(2026, 8, 1, 9, tzinfo=PARIS)


@pytest.fixture
def uzes() -> Mairie:
    load("mairie", "opening_hours")
    return Mairie.objects.get()


def get(client: Client, name: str, at: datetime, query: str = "") -> Answer:
    with time_machine.travel(at, tick=False):
        return client.get(reverse(f"demarches:{name}") + query)


def text_of(response: Answer) -> str:
    """What a person reads: no tags, ordinary spaces."""
    body = re.sub(r"<script.*?</script>", "", response.content.decode(), flags=re.DOTALL)
    main = body[body.index("<main") : body.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("\u00a0", " ").split())


def week_of(response: Answer) -> list[list[str]]:
    table = re.search(r"<table.*?</table>", response.content.decode(), re.DOTALL)
    assert table is not None
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).replace("\u00a0", " ").split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)
        ]
        for line in re.findall(r"<tr.*?</tr>", table[0], re.DOTALL)
    ]


def test_page_says_today_in_one_sentence(client: Client, uzes: Mairie) -> None:
    text = text_of(get(client, "mairie", MONDAY_MORNING))

    assert "Mairie d’Uzès Ouvert jusqu’à 12 h Appeler le 04 66 03 48 48" in text


def test_page_names_each_service_when_they_differ(client: Client, uzes: Mairie) -> None:
    text = text_of(get(client, "mairie", FIRST_SATURDAY))

    assert "Accueil : Fermé, ouvre lundi à 8 h État civil : Ouvert jusqu’à 12 h" in text


def test_week_shows_real_dates_and_whether_this_saturday_is_open(
    client: Client, uzes: Mairie
) -> None:
    week = week_of(get(client, "mairie", datetime(2026, 11, 30, 9, tzinfo=PARIS)))

    day = "8 h à 12 h, 13 h 30 à 16 h 45"
    assert week == [
        ["Jour", "Accueil", "État civil"],
        ["Lundi 30 novembre aujourd’hui", day, day],
        ["Mardi 1er décembre", day, day],
        ["Mercredi 2 décembre", day, day],
        ["Jeudi 3 décembre", day, day],
        ["Vendredi 4 décembre", *["8 h à 12 h, 13 h 30 à 16 h 15"] * 2],
        ["Samedi 5 décembre", "Fermé", "8 h à 12 h"],
        ["Dimanche 6 décembre", "Fermé", "Fermé"],
    ]


def test_week_has_one_column_when_the_services_agree(client: Client, uzes: Mairie) -> None:
    week = week_of(get(client, "mairie", MONDAY_MORNING))

    assert week[0] == ["Jour", "Horaires"]
    assert week[6] == ["Samedi 28 novembre", "Fermé"]


def test_week_tells_why_a_day_is_closed(client: Client, uzes: Mairie) -> None:
    Closure.objects.create(
        mairie=uzes,
        first_day=date(2026, 5, 15),
        last_day=date(2026, 5, 15),
        reason="pont de l’Ascension",
    )

    response = get(client, "mairie", datetime(2026, 5, 11, 9, tzinfo=PARIS))

    assert week_of(response)[4][1] == "Fermé (Ascension)"
    assert week_of(response)[5][1] == "Fermé (pont de l’Ascension)"
    assert "Le vendredi 15 mai 2026 : pont de l’Ascension" in text_of(response)
    assert "Le jeudi 14 mai 2026 : Ascension, jour férié" in text_of(response)


@pytest.mark.parametrize(
    ("query", "first_line"),
    [
        ("?semaine=0", "Lundi 23 novembre aujourd’hui"),
        ("?semaine=1", "Lundi 30 novembre"),
        ("?semaine=12", "Lundi 15 février"),
        ("?semaine=13", "Lundi 23 novembre aujourd’hui"),
        ("?semaine=-1", "Lundi 23 novembre aujourd’hui"),
        ("?semaine=%00abc", "Lundi 23 novembre aujourd’hui"),
        ("?semaine=" + "9" * 5000, "Lundi 23 novembre aujourd’hui"),
    ],
)
def test_weeks_ahead(client: Client, uzes: Mairie, query: str, first_line: str) -> None:
    response = get(client, "mairie", MONDAY_MORNING, query)

    assert response.status_code == 200
    assert week_of(response)[1][0] == first_line


def test_last_week_ahead_offers_no_further_one(client: Client, uzes: Mairie) -> None:
    text = text_of(get(client, "mairie", MONDAY_MORNING, "?semaine=12"))

    assert "Semaine du 15 au 21 février 2027" in text
    assert "Voir la semaine suivante" not in text
    assert "Revenir à cette semaine" in text


def test_next_open_saturdays_are_given_by_date(client: Client, uzes: Mairie) -> None:
    text = text_of(get(client, "mairie", datetime(2026, 8, 1, 13, tzinfo=PARIS)))

    assert (
        "État civil : prochains samedis ouverts samedi 1er août : 8 h à 12 h"
        " samedi 5 septembre : 8 h à 12 h samedi 19 septembre : 8 h à 12 h"
        " samedi 3 octobre : 8 h à 12 h"
    ) in text


def test_page_shows_both_entrances_the_phone_and_the_expressions(
    client: Client, uzes: Mairie
) -> None:
    html = get(client, "mairie", MONDAY_MORNING).content.decode()

    assert re.findall(r'href="(https://www\.openstreetmap\.org[^"]+)"', html) == [
        entrance.map_url for entrance in Entrance.objects.all()
    ]
    assert re.findall(r'href="(tel:[^"]+)"', html).count("tel:+33-4-66-03-48-48") >= 1
    assert re.findall(r'<code data-opening-hours="([^"]+)">([^<]+)</code>', html) == [
        (service.slug, service.expression) for service in uzes.schedule(MONDAY_MORNING).services
    ]
    assert "mailto:" not in html


def test_page_shows_what_is_set_later(client: Client, uzes: Mairie) -> None:
    uzes.email, uzes.website = "accueil@mairie.example", "https://mairie.example/"
    uzes.save()

    html = get(client, "mairie", MONDAY_MORNING).content.decode()

    assert 'href="mailto:accueil@mairie.example"' in html
    assert 'href="https://mairie.example/"' in html


def test_page_says_that_nothing_is_announced(client: Client, uzes: Mairie) -> None:
    text = text_of(get(client, "mairie", datetime(2026, 8, 17, 9, tzinfo=PARIS)))

    assert "Toussaint" not in text  # a Sunday this year
    assert "Armistice de 1918" in text
    OpeningHours.objects.filter(weekday=2).delete()
    text = text_of(get(client, "mairie", datetime(2026, 8, 17, 9, tzinfo=PARIS)))
    assert "Aucune fermeture annoncée dans les trois prochains mois." in text


def test_page_without_any_hours_claims_nothing(client: Client, uzes: Mairie) -> None:
    OpeningHours.objects.all().delete()

    response = get(client, "mairie", MONDAY_MORNING)

    assert response.status_code == 200
    assert "Horaires non communiqués" in text_of(response)
    assert "Fermé" not in text_of(response)


@pytest.mark.parametrize("name", ["mairie", "mairie-calendar", "mairie-card"])
def test_nothing_is_invented_before_the_mairie_is_set_up(client: Client, name: str) -> None:
    assert get(client, name, MONDAY_MORNING).status_code == 404


@pytest.mark.parametrize("name", ["mairie", "mairie-calendar", "mairie-card"])
def test_reading_sets_no_cookie_and_cannot_be_posted_to(
    client: Client, uzes: Mairie, name: str
) -> None:
    response = get(client, name, MONDAY_MORNING)
    posted = client.post(reverse(f"demarches:{name}"))

    assert response.cookies == {}
    assert posted.status_code == 405


def test_page_costs_little_and_five_more_after_a_change(
    client: Client, uzes: Mairie, django_assert_max_num_queries: Any
) -> None:
    """The mark of the content is asked for each page; the rest after a change alone."""
    with django_assert_max_num_queries(8):
        get(client, "mairie", MONDAY_MORNING)
    with django_assert_max_num_queries(3):
        get(client, "mairie", MONDAY_MORNING)


def test_linked_data_gives_the_hours_of_each_service(client: Client, uzes: Mairie) -> None:
    uzes.name = "Mairie </script><b>&"
    uzes.save()

    response = get(client, "mairie", FIRST_SATURDAY)
    script = re.search(
        r'<script type="application/ld\+json">(.*?)</script>',
        response.content.decode(),
        re.DOTALL,
    )

    assert script is not None
    data = json.loads(script[1])
    accueil, etat_civil = data.pop("department")
    assert data == {
        "@context": "https://schema.org",
        "@type": "GovernmentOffice",
        "name": "Mairie </script><b>&",
        "url": "http://127.0.0.1:8000/mairie/",
        "telephone": "+33466034848",
        "address": [
            {
                "@type": "PostalAddress",
                "streetAddress": street,
                "postalCode": "30700",
                "addressLocality": "Uzès",
                "addressCountry": "FR",
            }
            for street in ("1, place du Duché", "1, place Albert 1er")
        ],
    }
    assert [s["name"] for s in (accueil, etat_civil)] == ["Accueil", "État civil"]
    saturday = {
        "@type": "OpeningHoursSpecification",
        "validFrom": "2026-08-01",
        "validThrough": "2026-08-01",
    }
    assert accueil["openingHoursSpecification"][0] == {
        **saturday,
        "opens": "00:00",
        "closes": "00:00",
    }
    assert etat_civil["openingHoursSpecification"][0] == {
        **saturday,
        "opens": "08:00",
        "closes": "12:00",
    }


def test_linked_data_has_only_what_is_known(client: Client, uzes: Mairie) -> None:
    uzes.phone, uzes.email, uzes.website = "", "accueil@mairie.example", "https://mairie.example/"
    uzes.save()
    OpeningHours.objects.all().delete()

    html = get(client, "mairie", MONDAY_MORNING).content.decode()
    data = json.loads(re.findall(r'ld\+json">(.*?)</script>', html, re.DOTALL)[0])

    assert "telephone" not in data
    assert (data["email"], data["sameAs"]) == ("accueil@mairie.example", "https://mairie.example/")
    assert data["department"] == []


def test_calendar_holds_the_hours_in_utc_and_the_closures(client: Client, uzes: Mairie) -> None:
    Closure.objects.create(
        mairie=uzes,
        service=uzes.services.get(slug="etat-civil"),
        first_day=date(2026, 10, 27),
        last_day=date(2026, 10, 28),
        until_time=time(10),
        reason="formation",
    )

    response = get(client, "mairie-calendar", datetime(2026, 10, 23, 7, tzinfo=PARIS))
    calendar = Calendar.from_ical(response.content)
    events = {str(event["uid"]): event for event in calendar.walk("VEVENT")}

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    # Eight o’clock in Uzès on both sides of the change of 25 October.
    friday = events["open-20261023T0800-1200@mairie-30334"]
    monday = events["open-20261026T0800-1200@mairie-30334"]
    assert friday["dtstart"].dt.isoformat() == "2026-10-23T06:00:00+00:00"
    assert monday["dtstart"].dt.isoformat() == "2026-10-26T07:00:00+00:00"
    assert str(monday["summary"]) == "Mairie d’Uzès, ouvert : Accueil, État civil"
    assert str(monday["location"]) == "1, place du Duché, 30700 Uzès"
    tuesday = events["open-20261027T0800-1200@mairie-30334"]
    assert str(tuesday["summary"]) == "Mairie d’Uzès, ouvert : Accueil"
    shut = next(e for e in events.values() if "formation" in e["summary"])
    assert str(shut["summary"]) == "État civil, fermé : formation"
    assert (shut["dtstart"].dt, shut["dtend"].dt) == (date(2026, 10, 27), date(2026, 10, 29))
    assert {str(event["transp"]) for event in events.values()} == {"TRANSPARENT"}
    assert str(next(e for e in events.values() if "Armistice" in e["summary"])["summary"]) == (
        "Mairie d’Uzès, fermé : Armistice de 1918, jour férié"
    )


def test_calendar_lines_are_folded_at_75_octets(client: Client, uzes: Mairie) -> None:
    content = get(client, "mairie-calendar", MONDAY_MORNING).content

    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_calendar_of_a_mairie_without_entrance_has_no_place(client: Client, uzes: Mairie) -> None:
    Entrance.objects.all().delete()

    content = get(client, "mairie-calendar", MONDAY_MORNING).content

    assert b"BEGIN:VEVENT" in content
    assert b"LOCATION" not in content


def test_contact_card(client: Client, uzes: Mairie) -> None:
    response = get(client, "mairie-card", MONDAY_MORNING)

    assert response["Content-Type"] == "text/vcard; charset=utf-8"
    assert response.content.decode() == "\r\n".join(
        [
            "BEGIN:VCARD",
            "VERSION:3.0",
            "FN:Mairie d’Uzès",
            "N:Mairie d’Uzès;;;;",
            "ORG:Mairie d’Uzès",
            "TEL;TYPE=WORK,VOICE:+33466034848",
            "ADR;TYPE=POSTAL:;;BP 71103;;Uzès cedex;;30701;France",
            "ADR;TYPE=WORK:;;1\\, place du Duché;Uzès;;30700;France",
            "ADR;TYPE=WORK:;;1\\, place Albert 1er;Uzès;;30700;France",
            "URL:http://127.0.0.1:8000/mairie/",
            "END:VCARD",
            "",
        ]
    )


def test_contact_card_escapes_and_folds_what_agents_type(client: Client, uzes: Mairie) -> None:
    uzes.name = "Mairie; d’Uzès, \\ " + "é" * 80
    uzes.phone, uzes.email = "", "accueil@mairie.example"
    uzes.save()

    content = get(client, "mairie-card", MONDAY_MORNING).content
    unfolded = content.replace(b"\r\n ", b"").decode()

    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert "FN:Mairie\\; d’Uzès\\, \\\\ " + "é" * 80 + "\r\n" in unfolded
    assert "EMAIL;TYPE=WORK:accueil@mairie.example\r\n" in unfolded
    assert "TEL" not in unfolded
