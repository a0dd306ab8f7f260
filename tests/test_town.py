"""Another town than the first: its file, its rows, and nothing of the first one left on a page."""

import gzip
import io
import re
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter
from PIL.PngImagePlugin import PngInfo
from post_office.models import Email

from demarches.files.logo import SCREEN_BYTES, Logo, read_logo, screen_logo, town_logo
from demarches.files.uploads import UploadRefused
from demarches.mail import html as mail_html
from demarches.mail.emails import deliver_due, queue_mail
from demarches.models import Agenda, Entrance, Mairie, Officer, OpeningHours, Service, User
from demarches.rules.holidays import LocalHolidays
from demarches.rules.slots import day_starts
from pacs.models import PacsSettings
from tests.pacs.simulator_answers import ITALIAN_WIDOW, params_of
from tests.pacs.test_documents import every_document
from tests.support.dossiers import COMMON, OTHER, PERSON, bring_everything, make_dossier, send
from tests.support.mailbox import Mailbox
from tests.support.pages import plain
from tests.support.pdf import text_of
from tests.support.portal import ROOT
from tests.support.present import the
from uzes_portal import assets, town
from uzes_portal.doctor import examine
from uzes_portal.town_file import TownRefused, read_town

EXAMPLE = ROOT / "docs" / "deploy" / "mairie-exemple.toml"
#: What would give the first town away: its names, numbers, court, streets.
FIRST_TOWN = re.compile(r"uz[eè]s|\bgard\b|n[iî]mes|307\d\d|30334|04 66|duch[eé]\b", re.IGNORECASE)
ROWS = (Mairie, Entrance, Service, OpeningHours, Agenda, Officer, PacsSettings)


def example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def overseas() -> dict[str, Any]:
    """The same town hall, in Saint-Denis de La Réunion."""
    given = example()
    del given["mairie"]["vendredi_saint"]
    given["mairie"] |= {"nom": "Mairie de Saint-Denis", "commune": "Saint-Denis"}
    given["mairie"] |= {"code_insee": "97411", "telephone": "0262 40 00 12"}
    return given


def rows() -> list[Any]:
    return [model_to_dict(row) for model in ROWS for row in model._default_manager.order_by("pk")]


@pytest.fixture(autouse=True)
def own_style(tmp_path: Path, settings: Any) -> Any:
    settings.TOWN_STYLE, settings.TOWN_LOGO = tmp_path / "couleurs.css", tmp_path / "kept.png"
    # What is asked again while they are elsewhere is not kept for other tests.
    mail_html.schemes.cache_clear()
    town_logo.cache_clear()
    yield
    mail_html.schemes.cache_clear()
    town_logo.cache_clear()


@pytest.mark.django_db
def test_a_town_comes_from_its_file_alone_and_twice_is_once(capsys: Any) -> None:
    call_command("nouvelle_mairie", EXAMPLE)
    before = rows()
    call_command("nouvelle_mairie", EXAMPLE)

    assert rows() == before
    first, second = capsys.readouterr().out.split("Mairie de Saverne est en place")[1:]
    assert ": 2 entrées, 2 services, 16 horaires, 2 officiers." in first
    assert ("build_assets" in first, "build_assets" in second) == (True, False)
    assert "LEGAL_HOST='Hébergeur Exemple, 1 rue du Serveur, 67000 Strasbourg'" in first
    assert "TIME_ZONE" not in first
    assert PacsSettings.current().court == "tribunal judiciaire de Saverne"


@pytest.mark.usefixtures("reference_data")
def test_the_file_takes_the_place_of_the_first_town() -> None:
    town.install(read_town(example(), folder=ROOT))

    assert [one.name for one in Mairie.objects.all()] == ["Mairie de Saverne"]
    assert OpeningHours.objects.count() == 16
    assert Agenda.objects.get().service.mairie == Mairie.objects.get()
    assert PacsSettings.current().inherited_court == ""


@pytest.mark.usefixtures("reference_data")
def test_a_town_with_dossiers_is_not_replaced(alice: User, bob: User) -> None:
    make_dossier(alice, bob)
    before = rows()

    with pytest.raises(CommandError, match="Ce portail sert déjà Mairie d’Uzès"):
        call_command("nouvelle_mairie", EXAMPLE)

    assert rows() == before


@pytest.mark.usefixtures("reference_data")
def test_everything_wrong_with_a_file_is_told_at_once_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for right, wrong in (
        ("vendredi_saint = true\n", ""),
        ('telephone = "03 53 01 00 12"', 'telefone = "03 53 01 00 12"'),
        ('code_insee = "67437"', 'code_insee = "67544"'),
        ("08:30-12:00 13:30-16:00", "08:30-12:00 11:30-16:00"),
        ('service = "etat-civil"', 'service = "mariages"'),
        ("duree_minutes = 30", 'duree_minutes = "une demi-heure"'),
        ("places_au_guichet = 0", "places_au_guichet = 3"),
        ("longitude = 7.3637\n", ""),
        ('hebergeur = "', 'heberge = "'),
        ('accent = "#8a4b00"', 'accent = "#f0bf7d"'),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    (tmp_path / "mairie.toml").write_text(text, encoding="utf-8")
    before = rows()

    with pytest.raises(CommandError) as refused:
        call_command("nouvelle_mairie", tmp_path / "mairie.toml")

    assert str(refused.value).split("rien n’est écrit.\n")[1].splitlines() == [
        "- mairie.telefone : cette ligne n’existe pas. Lignes connues : adresse_postale,"
        " bureau_distributeur, code_insee, code_postal, commune, donnees_personnelles, email,"
        " fuseau, nom, site, telephone, vendredi_saint.",
        "- mairie.telephone : à remplir.",
        "- mairie.vendredi_saint : écrivez true si la commune a un temple protestant ou une église"
        " mixte, sinon false (Code du travail, art. L3134-13).",
        "- mairie.code_insee : ce code est celui de Wissembourg (Bas-Rhin).",
        "- services.1.horaires : « vendredi 08:30-12:00 11:30-16:00 » : les heures ne se suivent"
        " pas.",
        "- entrees.1 : Donnez la latitude et la longitude ensemble, en degrés, ou aucune des deux.",
        "- agenda.service : nommez l’identifiant d’un service : accueil, etat-civil.",
        "- agenda.duree_minutes : « une demi-heure » n’est pas écrit comme il faut.",
        "- agenda : Pas plus de places au guichet que de places en tout.",
        "- mentions_legales.heberge : cette ligne n’existe pas. Lignes connues : editeur,"
        " hebergeur.",
        "- mentions_legales.hebergeur : à remplir : la loi veut que ce soit dit.",
        "- couleurs.accent : #f0bf7d se lit mal avec le fond (#fbf8f2) : contraste de 1,6, il en"
        " faut 4,5.",
        "- couleurs.accent : #f0bf7d se lit mal avec les cadres (#fff) : contraste de 1,7, il en"
        " faut 4,5.",
    ]
    assert rows() == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "ne s’ouvre pas"),
        (b"[mairie\n", "n’est pas du TOML"),
        ("[mairie]\nnom = 'é'".encode("latin-1"), "n’est pas écrit en UTF-8"),
        (b"mairie = 3\nville = 4\n[entrees]\n", "cette partie n’existe pas"),
    ],
)
@pytest.mark.django_db
def test_a_file_of_another_kind_is_refused_in_words(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "mairie.toml").write_bytes(content)

    with pytest.raises(CommandError, match=told):
        call_command("nouvelle_mairie", tmp_path / "mairie.toml")

    assert not Mairie.objects.exists()


@pytest.mark.django_db
def test_an_editor_of_windows_and_a_space_too_many_change_nothing(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace('= "accueil"', '= " accueil "')
    (tmp_path / "mairie.toml").write_text(text, encoding="utf-8-sig")

    call_command("nouvelle_mairie", tmp_path / "mairie.toml")

    assert Service.objects.filter(slug="accueil").exists()


@pytest.mark.parametrize(
    ("part", "line", "wrong"),
    [
        ("agenda", "nom", "Pacs\0"),
        ("mentions_legales", "editeur", "Le\0maire"),
        ("mentions_legales", "hebergeur", "Hébergeur\nDEBUG=1"),
        ("mairie", "fuseau", 4),
    ],
)
@pytest.mark.django_db
def test_signs_that_no_column_nor_environment_takes_are_refused(
    part: str, line: str, wrong: object
) -> None:
    given = example()
    given[part][line] = wrong

    with pytest.raises(TownRefused) as refused:
        read_town(given, folder=ROOT)

    assert [one.where for one in refused.value.faults] == [f"{part}.{line}"]


@pytest.mark.django_db
def test_questions_are_asked_again_until_the_answers_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logo = tmp_path / "blason.png"
    logo.write_bytes(drawn())
    answers = iter(
        [
            *("Mairie de Lunel", "Lunel", "34145", "", "1 rue Neuve", "34400", "Lunel"),
            *("04 65 71", "", "Dpo, dpo@lunel.example", "1 rue Neuve", "34400", "Lunel"),
            *("lundi-vendredi 8:00-12:00", "lundi 8:00-12:00; mardi 9:00-11:00"),
            *("Jo Modèle", "", "2026-03-28", "tribunal judiciaire de Montpellier"),
            *("Le maire", "Hébergeur Exemple", str(logo), ""),
            *("04 65 71 00 12", "Blason de Lunel"),
        ]
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda shown: next(answers))

    call_command("nouvelle_mairie")

    assert list(answers) == []
    assert str(Mairie.objects.get().phone) == "04 65 71 00 12"
    assert Officer.objects.get().quality == "maire"
    assert OpeningHours.objects.count() == 7
    assert the(town_logo()).text == "Blason de Lunel"


@pytest.mark.django_db
def test_without_a_terminal_a_file_is_asked_for() -> None:
    with pytest.raises(CommandError, match="Donnez un fichier"):
        call_command("nouvelle_mairie")


# What people see


@pytest.fixture
def second_town(db: None) -> Mairie:
    return town.install(read_town(example(), folder=ROOT))


PAGES = {
    *("home", "accessibility", "privacy", "legal-notice", "terms", "site-map", "robots"),
    *("account_login", "security-txt", "demarches:mairie", "demarches:mairie-calendar"),
    *("demarches:mairie-card", "demarches:fiches", "pacs:home", "pacs:how", "pacs:effects"),
    *("pacs:convention-explained", "pacs:after-home", "pacs:how-we-decide", "pacs:dossier-start"),
    *("pacs:rules-json", "vitale:home", "vitale:router", "vitale:suivi-start", "vitale:aide-start"),
}


def read(response: Any) -> str:
    """What a page or a paper says; addresses of our own files are not words."""
    assert response.status_code == 200
    if response["Content-Type"] == "application/pdf":
        return text_of(b"".join(response) if response.streaming else response.content)
    return re.sub(r"(css|js)/uzes|data-uzes|uzes-", "", response.content.decode())


def test_no_public_page_names_the_first_town(client: Client, second_town: Mairie) -> None:
    said = {name: read(client.get(reverse(name))) for name in PAGES}
    list_of = params_of(second=ITALIAN_WIDOW, date="2027-06-05")
    for name in ("simulator", "simulator-pdf", "simulator-ics", "blank-set"):
        said[name] = read(client.get(reverse(f"pacs:{name}"), list_of))
    for name in ("plan", "plan-sheet"):
        lost = {"situation": "perte", "caisse": "inconnue"}
        said[name] = read(client.get(reverse(f"vitale:{name}"), lost))
    for app in ("demarches", "pacs", "vitale"):
        for model in apps.get_app_config(app).get_models():
            said[model._meta.label] = serialize("json", model._default_manager.all())

    assert {name: found for name, text in said.items() if (found := FIRST_TOWN.findall(text))} == {}
    assert "Saverne" in said["home"]
    assert "Saverne" in said["simulator-pdf"]
    assert "1, rue du Gabarit, Saverne" in said["plan"]


def test_neither_papers_nor_mails_nor_the_desk_name_it(
    second_town: Mairie, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    at_home = {"postcode": "67700", "city": "Saverne", "street": "3 rue des Lilas"}
    born = {"birth_city": "Metz"}
    people = (PERSON | at_home | born, OTHER | at_home | born)
    dossier = make_dossier(alice, bob, common=COMMON | at_home, people=people)
    bring_everything(dossier)
    dossier = send(dossier)
    chief = User.objects.create_superuser("chef@example.org", "x" * 20)

    said = {mail.subject: f"{mail.subject} {mail.message}" for mail in Email.objects.all()}
    said["mail as HTML"] = mail_html.mail_html("Bonjour", "Bonjour")
    said |= {name: text_of(one.content) for name, one in every_document(dossier).items()}
    said["their page"] = read(client_of(alice).get(dossier.get_absolute_url()))
    said["the desk"] = read(client_of(chief).get(reverse("admin:index")))

    assert {name: found for name, text in said.items() if (found := FIRST_TOWN.findall(text))} == {}
    assert "Saverne · Bureau" in said["the desk"]
    assert any("Saverne" in text for text in said.values())


@pytest.mark.django_db
def test_colours_reach_the_sheets_and_the_mails(settings: Any) -> None:
    town.write_colours(read_town(example(), folder=ROOT))

    sheet = assets.style_sheet()
    light, dark = mail_html.schemes()

    assert sheet.rindex("--action:#7a2d4b;") > sheet.index("--action:#0b5d57;")
    assert (light["action"], dark["action"], dark["shutter"]) == ("#7a2d4b", "#f0a6c0", "#7a2d4b")


# The logo


def drawn(size: tuple[int, int] = (400, 300), *, kind: str = "PNG", **saved: Any) -> bytes:
    """A shield in three colours on nothing."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    pencil = ImageDraw.Draw(picture)
    width, height = size
    pencil.ellipse((0, 0, width - 1, height - 1), fill="#7a2d4b", outline="#8a4b00", width=9)
    pencil.polygon([(width // 2, 9), (9, height - 9), (width - 9, height - 9)], fill="#f0bf7d")
    return encoded(picture if kind == "PNG" else picture.convert("RGB"), kind, **saved)


def encoded(picture: Image.Image, kind: str = "PNG", **saved: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **saved)
    return target.getvalue()


def with_logo(
    folder: Path, content: bytes, name: str = "logo.png", text: str = "Blason de Saverne"
) -> Path:
    """The example with a logo beside it."""
    (folder / name).write_bytes(content)
    file = folder / "mairie.toml"
    lines = f'\n[logo]\nfichier = "{name}"\ntexte = "{text}"\n'
    file.write_text(EXAMPLE.read_text(encoding="utf-8") + lines, encoding="utf-8")
    return file


@pytest.mark.django_db
def test_a_logo_stands_in_pages_papers_and_mails(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], mailbox: Mailbox
) -> None:
    told = PngInfo()
    told.add_text("Author", "Jo Secret")
    file = with_logo(tmp_path, drawn(pnginfo=told), text="Blason & « licorne »")
    call_command("nouvelle_mairie", file)
    call_command("nouvelle_mairie", file)

    first, second = capsys.readouterr().out.split("Mairie de Saverne est en place")[1:]
    assert ("build_assets" in first, "build_assets" in second) == (True, False)
    kept = the(town_logo())
    assert (kept.width, kept.height, kept.text) == (256, 192, "Blason & « licorne »")
    assert b"Secret" not in kept.content
    for page in (reverse("home"), reverse("pacs:simulator")):
        assert 'role="img" aria-label="Blason &amp; « licorne »"' in read(client.get(page))
    assert assets.style_sheet().count("data:image/webp;base64,") == 1
    assert "data:" not in assets.style_sheet(assets.DESK_SHEET)
    list_of = params_of(second=ITALIAN_WIDOW, date="2027-06-05")
    paper = client.get(reverse("pacs:simulator-pdf"), list_of)
    with pikepdf.open(io.BytesIO(b"".join(paper))) as pdf:
        sides = [(one.Width, one.Height) for one in pdf.objects if is_a(one, "/Subtype", "/Image")]
        alternatives = [str(one.Alt) for one in pdf.objects if is_a(one, "/S", "/Figure")]
    assert (256, 192) in sides
    assert "Blason & « licorne »" in alternatives

    queue_mail(
        to="alice@example.org",
        template="account/email/code",
        context={"code": "1234 5678", "minutes": 10},
        key="logo",
    )
    deliver_due()
    (sent,) = mailbox.received
    related = next(one for one in sent.walk() if one.get_content_type() == "multipart/related")
    html, picture = related.iter_parts()
    assert 'src="cid:logo.png" alt="Blason &amp; « licorne »" width="64"' in html.get_content()
    assert picture["Content-ID"] == "<logo.png>"
    assert picture.get_content() == kept.content

    call_command("nouvelle_mairie", EXAMPLE)
    assert "town__logo" not in read(client.get(reverse("home"))) + assets.style_sheet()


def is_a(one: Any, name: str, value: str) -> bool:
    return isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)) and one.get(name) == value


@pytest.mark.django_db
def test_a_first_visit_holds_its_budget_with_the_heaviest_logo(
    client: Client, tmp_path: Path, settings: Any
) -> None:
    call_command("nouvelle_mairie", with_logo(tmp_path, heaviest()))
    settings.BUILD_DIR = tmp_path / "build"
    style, font, *_ = assets.build()
    shared = len(gzip.compress(style.read_bytes())) + font.stat().st_size

    for path in ("/", "/mairie/", "/pacs/", "/fiches/"):
        page = client.get(path).content
        fetched = re.findall(
            r"<(?:link|script|img)[^>]+(?:href|src)=\"(/static/[^\"]+)\"", page.decode()
        )
        assert (path, len(set(fetched))) == (path, 2)
        assert shared + len(gzip.compress(page)) <= 28_000, path


def heaviest() -> bytes:
    """A picture whose version for the screen takes almost all that it may."""
    picture = noise((240, 96))
    found = b""
    for radius in range(9, 0, -1):
        content = encoded(picture.filter(ImageFilter.GaussianBlur(radius)))
        logo = Logo(content, 240, 96, "")
        if len(screen_logo(logo)) > SCREEN_BYTES:
            return found
        found = content
    return found


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 90) for _ in range(3)])


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "a drawing with a script": ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "a drawing under another name": ("logo.png", b"<svg onload='alert(1)'/>", "pas celui d’un"),
    "a page": ("logo.png", b"<!doctype html><script>1</script>", "pas celui d’un"),
    "another kind": ("logo.gif", b"GIF89a", "n’est pas dans un format accepté"),
    "a document": ("logo.pdf", b"%PDF-1.7\n", "ni un PNG ni un JPEG"),
    "a name that deceives": ("logo.php.png", drawn(), "double extension"),
    "nothing": ("logo.png", b"", "est vide"),
    "half of one": ("logo.png", drawn()[:200], "abîmé"),
    "a stamp": ("logo.png", drawn((90, 90)), "trop petit ou trop large"),
    "a banner": ("logo.png", drawn((1200, 150)), "trop petit ou trop large"),
    "a photo": ("logo.jpg", encoded(noise((960, 192)), "JPEG"), "trop de détails"),
    "a bomb": ("logo.png", encoded(Image.new("1", (20_000, 20_000))), "millions de points"),
}


def test_a_picture_that_is_no_logo_is_refused_in_words(tmp_path: Path) -> None:
    said = {}
    for case, (name, content, _) in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UploadRefused) as refused:
            read_logo(tmp_path / name, "Blason")
        said[case] = refused.value.message

    assert [case for case, one in HOSTILE.items() if one[2] not in said[case]] == []


@pytest.mark.django_db
def test_a_refused_logo_is_one_fault_among_others_and_nothing_is_written(tmp_path: Path) -> None:
    name, content, told = HOSTILE["a drawing with a script"]

    with pytest.raises(CommandError, match=f"- logo.fichier : .*{told}"):
        call_command("nouvelle_mairie", with_logo(tmp_path, content, name))

    assert not Mairie.objects.exists()
    assert town_logo() is None


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ({"fichier": "logo.png"}, "logo.texte"),
        ({"texte": "Blason"}, "logo.fichier"),
        ({"fichier": "ailleurs.png", "texte": "Blason"}, "logo.fichier"),
        ({"fichier": "logo\0.png", "texte": "Blason"}, "logo.fichier"),
        ({"fichier": "logo.png", "texte": "Bla\nson"}, "logo.texte"),
        ({"fichier": "logo.png", "texte": "Blason", "alt": "x"}, "logo.alt"),
    ],
)
@pytest.mark.django_db
def test_a_logo_half_said_is_told(lines: dict[str, str], where: str, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(drawn())

    with pytest.raises(TownRefused) as refused:
        read_town(example() | {"logo": lines}, folder=tmp_path)

    assert [one.where for one in refused.value.faults] == [where]


@pytest.mark.django_db
def test_an_antivirus_that_is_away_keeps_the_logo_out(tmp_path: Path, settings: Any) -> None:
    settings.CLAMD_ADDRESS = str(tmp_path / "no.socket")

    with pytest.raises(CommandError, match=r"logo\.fichier"):
        call_command("nouvelle_mairie", with_logo(tmp_path, drawn()))


# Elsewhere, other days and other hours


def test_alsace_is_closed_on_its_own_holidays(client: Client, second_town: Mairie) -> None:
    with time_machine.travel(
        datetime(2027, 3, 26, 10, tzinfo=ZoneInfo("Europe/Paris")), tick=False
    ):
        told = plain(read(client.get(reverse("demarches:mairie"))))

    assert "Fermé (Vendredi saint, jour férié), ouvre mardi à 8 h 30" in told
    assert PacsSettings.current().delays(()).local == LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY


@pytest.mark.django_db
def test_overseas_hours_are_those_of_its_own_clock(client: Client, settings: Any) -> None:
    found = read_town(overseas(), folder=ROOT)
    assert found.clock == "Indian/Reunion"
    assert "TIME_ZONE=Indian/Reunion" in town.environment_of(found)
    mairie = town.install(found)
    told = {one.name: one.wrong for one in examine(at=timezone.now())}
    assert "TIME_ZONE=Europe/Paris" in told["heure"]
    settings.TIME_ZONE = found.clock

    with time_machine.travel(datetime(2026, 12, 21, 5, 0, tzinfo=UTC), tick=False):  # 9 h there
        at = timezone.now()
        state = mairie.schedule(at).services[0].state(at)
        agenda = Agenda.objects.get()
        starts = [one[0] for one in day_starts(agenda.rules(at), date(2026, 12, 22))]

    assert (state.is_open, state.until) == (True, datetime(2026, 12, 21, 8, 0, tzinfo=UTC))
    assert starts[0] == datetime(2026, 12, 22, 4, 30, tzinfo=UTC)
    assert [
        one.reason for one in mairie.schedule(at).notices(date(2028, 12, 18), date(2028, 12, 22))
    ] == ["Abolition de l’esclavage, jour férié"]


@pytest.mark.usefixtures("reference_data")
@pytest.mark.parametrize(
    ("line", "right", "wrong"),
    [
        ("mairie.code_insee", 'code_insee = "67437"', "code_insee = 67437"),
        ("mairie.code_insee", 'code_insee = "67437"', 'code_insee = "674370000"'),
        ("mairie.code_insee", 'code_insee = "67437"', 'code_insee = ""'),
        ("agenda.duree_minutes", "duree_minutes = 30", 'duree_minutes = "longtemps"'),
        ("agenda.delai_jours", "delai_jours = 15", "delai_jours = 9999999"),
        ("agenda.delai_jours", "delai_jours = 15", "delai_jours = 371"),
    ],
)
def test_one_fault_is_told_once(tmp_path: Path, line: str, right: str, wrong: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "mairie.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        call_command("nouvelle_mairie", tmp_path / "mairie.toml")

    told = [one for one in str(refused.value).splitlines() if one.startswith("- ")]
    assert len(told) == 1, told
    assert told[0].startswith(f"- {line} : ")
    assert len(told[0].removesuffix(".").split(". ")) == 1, told
