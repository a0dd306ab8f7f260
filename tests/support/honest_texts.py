"""Texts that people really write, drawn with a seed: none holds a number we must not have."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from demarches.rules.reference import format_reference

FIRST_DAY = date(1935, 1, 1)


def _day(draw: Random) -> date:
    return FIRST_DAY + timedelta(days=draw.randrange(40_000))


def _written_day(draw: Random) -> str:
    day = _day(draw)
    return draw.choice(
        [
            f"{day:%d/%m/%Y}", f"{day:%d.%m.%Y}", f"{day:%d-%m-%Y}", f"{day.isoformat()}",
            f"{day.day}/{day.month}/{day.year}", f"{day:%d/%m/%y}",
        ]
    )  # fmt: skip


def _phone(draw: Random) -> str:
    figures = f"{draw.choice('1234567')}{draw.randrange(10**8):08d}"
    between = draw.choice([" ", "", ".", "-", " "])
    pairs = between.join([figures[0], *(figures[i : i + 2] for i in range(1, 9, 2))])
    return draw.choice(["0", "0", "0", "+33 ", "+33", "0033 "]) + pairs


def _between(draw: Random) -> str:
    return draw.choice([" ", " ", ", ", " / ", " et ", " - ", "\n", " au ", " ; "])


def _postcode(draw: Random) -> str:
    return f"{draw.randrange(1, 96):02d}{draw.randrange(100):02d}0"


def _insee(draw: Random) -> str:
    return f"{draw.randrange(1, 96):02d}{draw.randrange(1, 600):03d}"


def two_days(draw: Random) -> str:
    return f"{_written_day(draw)}{_between(draw)}{_written_day(draw)}"


def days_and_phones(draw: Random) -> str:
    parts = [_written_day(draw), _phone(draw), draw.choice([_written_day, _phone])(draw)]
    draw.shuffle(parts)
    return _between(draw).join(parts)


def two_phones(draw: Random) -> str:
    return f"{_phone(draw)}{_between(draw)}{_phone(draw)}"


def communes(draw: Random) -> str:
    return _between(draw).join(
        draw.choice([_postcode, _insee])(draw) for _ in range(draw.randrange(2, 4))
    )


def address(draw: Random) -> str:
    number = draw.randrange(1, 300)
    end = draw.choice(["", f", {_phone(draw)}", f" {_written_day(draw)}"])
    street = f"{number} rue du {draw.randrange(1, 31)} août 1944, bât. {draw.randrange(1, 9)}"
    return f"{street}, {_postcode(draw)} Uzès{end}"


def references(draw: Random) -> str:
    one = format_reference(draw.choice(["PACS", "AIDE"]), 2026, draw.randrange(1, 10**6))
    other = draw.choice([_phone, _written_day, references_alone])(draw)
    return f"{one}{_between(draw)}{other}"


def references_alone(draw: Random) -> str:
    return format_reference("PACS", draw.randrange(2026, 2040), draw.randrange(1, 10**6))


def amounts(draw: Random) -> str:
    def one() -> str:
        cents = draw.choice([10**5, 10**7, 10**9])
        written = f"{draw.randrange(cents) / 100:,.2f}".replace(",", " ").replace(".", ",")
        return f"{written} {draw.choice(['€', '€', 'euros', 'EUR'])}"

    return draw.choice([" ", ", ", " + ", " et "]).join(one() for _ in range(draw.randrange(2, 5)))


def file_names(draw: Random) -> str:
    day, time = date(2008, 1, 1) + timedelta(days=draw.randrange(8_000)), draw.randrange(86_400)
    clock = f"{time // 3600:02d}{time // 60 % 60:02d}{time % 60:02d}"
    dotted, rank = f"{clock[:2]}.{clock[2:4]}.{clock[4:]}", draw.randrange(1, 1000)
    return draw.choice(
        [
            f"IMG_{day:%Y%m%d}_{clock}.jpg",
            f"{day:%Y%m%d}_{clock}.jpg",
            f"PXL_{day:%Y%m%d}_{clock}{rank:03d}.jpg",
            f"Screenshot_{day:%Y%m%d}-{clock}_Chrome.png",
            f"IMG-{day:%Y%m%d}-WA0{rank:03d}.jpg",
            f"Scan {day:%Y-%m-%d} {dotted}.pdf",
            f"VID{day:%Y%m%d}{clock}.heic",
            f"WhatsApp Image {day:%Y-%m-%d} at {dotted} ({rank % 9}).jpeg",
            f"IMG_{rank:04d}.HEIC",
            f"acte {day:%d-%m-%Y} ({rank % 9}).pdf",
        ]
    )


def siret(draw: Random) -> str:
    stem = f"{draw.randrange(10**13):013d}"
    total = sum(
        n - 9 if n > 9 else n
        for n in (int(d) * (2 if rank % 2 == 0 else 1) for rank, d in enumerate(reversed(stem)))
    )
    figures = f"{stem}{-total % 10}"
    spaced = f"{figures[:3]} {figures[3:6]} {figures[6:9]} {figures[9:]}"
    tail = draw.choice(["", f" {_postcode(draw)} Uzès", f", {_phone(draw)}", f" {_phone(draw)}"])
    return f"SIRET {draw.choice([figures, spaced])}{tail}"


def opening_hours(draw: Random) -> str:
    def half(first: int, last: int) -> str:
        hours, minutes = draw.randrange(first, last), draw.choice(["00", "15", "30", "45"])
        pad = draw.choice(["02d", "d"])
        end = f"{hours + draw.randrange(1, 4)}:{draw.choice(['00', '30'])}"
        return f"{hours:{pad}}:{minutes}{draw.choice(['-', ' - ', '–'])}{end}"

    days = [
        f"{name} {half(7, 10)} {draw.choice(['', ', '])}{half(12, 15)}"
        for name in draw.sample(["Lundi", "mardi", "Mo-Fr", ""], 2)
    ]
    return " ; ".join(days)


def register_numbers(draw: Random) -> str:
    year, book, rank = draw.randrange(2017, 2031), draw.randrange(1, 9), draw.randrange(1, 2000)
    number = f"{_insee(draw)}-{year}-{book}-{rank}"
    if draw.random() < 0.3:
        number = number.replace("-", " - ")
    return f"{number}{_between(draw)}{draw.choice([_written_day, _phone, _postcode])(draw)}"


KINDS: dict[str, Callable[[Random], str]] = {
    kind.__name__: kind
    for kind in (
        two_days, days_and_phones, two_phones, communes, address, references, amounts,
        file_names, siret, opening_hours, register_numbers,
    )
}  # fmt: skip
