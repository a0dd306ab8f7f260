"""One form for each e-mail address: what may be typed, what is kept, what is compared.

Two addresses are the same when, and only when, their canonical forms are equal, sign for sign.
No database and no Unicode folding takes part: for PostgreSQL the upper case of a dotless i is
`I`, so that a comparison without case opens an account to whoever owns a look-alike domain.

The canonical form is lower-case ASCII. A local part is the « dot-atom » of RFC 5321, 4.1.2
(no quoted string); a domain has at least two labels (RFC 1035, 2.3.1), those with the letters
that a .fr domain may have (AFNIC) being encoded for the DNS (RFC 3490, « xn--… »).
"""

import re
import unicodedata

#: RFC 5321, 4.5.3.1.1 and the forward-path of RFC 3696, erratum 1690.
LOCAL_LENGTH = 64
LENGTH = 254
#: What the database holds (`demarches.typed.address_field`): the same signs, without the grammar.
CANONICAL = r"\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\Z"
EXAMPLE = "Exemple : nom@exemple.fr."

_LOCAL_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-")
_DOMAIN_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
#: Letters of .fr domains beside ASCII; « ß » is left out: what it becomes depends on the norm.
_DOMAIN_LETTERS = frozenset("àáâãäåæçèéêëìíîïñòóôõöùúûüýÿœ")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
#: Shown as nothing, or as a blank, though Unicode calls them letters, marks or symbols.
_INVISIBLE_SIGNS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS = {",": "une virgule", ";": "un point-virgule", ".": "un point", ":": "deux points"}

#: The mailboxes of most residents: a slip of one sign beside one of them is worth a question.
FREQUENT_DOMAINS = (
    "gmail.com",
    "orange.fr",
    "wanadoo.fr",
    "hotmail.fr",
    "hotmail.com",
    "outlook.fr",
    "outlook.com",
    "laposte.net",
    "yahoo.fr",
    "yahoo.com",
    "free.fr",
    "sfr.fr",
    "neuf.fr",
    "live.fr",
    "live.com",
    "icloud.com",
    "bbox.fr",
    "aol.com",
    "numericable.fr",
    "club-internet.fr",
    "protonmail.com",
)
#: Real ones, so near to a frequent one that the question would be wrong each time.
_REAL_NEIGHBOURS = frozenset(
    {"ymail.com", "gmx.fr", "gmx.com", "me.com", "mac.com", "msn.com", "aon.com", "proton.me"}
    | {"aol.fr", "live.be", "live.ca", "yahoo.ca", "yahoo.es", "hotmail.be", "hotmail.es"}
    | {"hotmail.it", "outlook.be", "outlook.de", "outlook.es", "outlook.it", "googlemail.com"}
)
#: Endings that no domain has, and what the finger beside would have typed.
_ENDING_SLIPS = {
    **dict.fromkeys(("con", "cmo", "ocm", "vom", "xom", "cim", "comm", "coom", "cop"), "com"),
    **dict.fromkeys(("ft", "fe", "rf", "frr", "ffr", "ftr"), "fr"),
    **dict.fromkeys(("nett", "nte", "ent"), "net"),
}
#: What an ending with an accent stands for: hardly any real one has an accent.
_ENDINGS = ("com", "fr", "net", "org", "eu")
#: Slips farther than one sign; none of these takes mail for residents.
_KNOWN_SLIPS = {
    "gmail.fr": "gmail.com",
    "gmail.net": "gmail.com",
    "gmaill.fr": "gmail.com",
    "gmial.fr": "gmail.com",
    "google.com": "gmail.com",
    "laposte.fr": "laposte.net",
    "laposte.com": "laposte.net",
    "orange.com": "orange.fr",
    "orange.net": "orange.fr",
    "wanadoo.com": "wanadoo.fr",
    "icloud.fr": "icloud.com",
    "free.com": "free.fr",
    "sfr.com": "sfr.fr",
    "sfr.net": "sfr.fr",
}
#: A domain this short has too many honest neighbours.
_SHORTEST_COMPARED = 7


class AddressRefused(ValueError):
    """Why a text is no address, in French, ready to be shown beside the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_address(text: str) -> str:
    """The canonical form of what was typed; raises `AddressRefused` with what is wrong.

    Blanks around it are dropped, capitals become small letters. Nothing else is mended: a sign
    that cannot be there is shown, and whoever typed it decides.
    """
    typed = text.strip()
    if not typed:
        raise AddressRefused("Écrivez une adresse e-mail.")
    if len(typed) > LENGTH:
        raise AddressRefused(f"Cette adresse e-mail est trop longue : {LENGTH} signes au plus.")
    _refuse_what_no_address_holds(typed)
    typed = _composed(typed)
    before, _, after = typed.partition("@")
    address = f"{_local(before)}@{_domain(after)}"
    if len(address) > LENGTH:
        raise AddressRefused(f"Cette adresse e-mail est trop longue : {LENGTH} signes au plus.")
    return address


def read_optional(text: str) -> str:
    """The canonical form, or "" when nothing is written; raises as `read_address` does."""
    return read_address(text) if text else ""


def canonical_address(text: str | None) -> str | None:
    """The canonical form, or None for what is no address: the one way to compare two of them.

    `None` equals no address: whoever looks a row up by it must find nothing.
    """
    try:
        return read_address(text or "")
    except AddressRefused:
        return None


def same_address(one: str | None, other: str | None) -> bool:
    """True when both are addresses, and the same one."""
    canonical = canonical_address(one)
    return canonical is not None and canonical == canonical_address(other)


def suggested_address(address: str) -> str:
    """What whoever typed this canonical address may have meant; "" when nothing is likely.

    A question, never a refusal: « gmial.com » is a domain, and somebody may have a mailbox there.
    """
    local, _, domain = address.partition("@")
    if domain in FREQUENT_DOMAINS or domain in _REAL_NEIGHBOURS:
        return ""
    meant = _KNOWN_SLIPS.get(domain) or _frequent_neighbour(domain) or _other_ending(domain)
    return f"{local}@{meant}" if meant else ""


def _refuse_what_no_address_holds(typed: str) -> None:
    for rank, sign in enumerate(typed):
        if _is_invisible(sign):
            raise AddressRefused(
                f"Il y a un caractère invisible dans cette adresse, {_place(typed, rank)} :"
                " effacez-la et tapez-la à la main."
            )
    count = typed.count("@")
    if count > 1 and re.search(r"[,;\s]", typed.rstrip(",;")):
        raise AddressRefused("Il y a ici plusieurs adresses : n’en laissez qu’une.")
    if "<" in typed or ">" in typed:
        raise AddressRefused("Écrivez l’adresse seule, sans le nom ni « < > ».")
    for rank, sign in enumerate(typed):
        if sign.isspace():
            raise AddressRefused(
                f"Il y a une espace au milieu de cette adresse, {_place(typed, rank)} : enlevez-la."
            )
    last = typed[-1]
    if last in _MARKS:
        raise AddressRefused(
            f"Il y a {_MARKS[last]} à la fin de cette adresse : enlevez « {last} »."
        )
    if count > 1:
        raise AddressRefused(f"Cette adresse contient {count} « @ » : il en faut un seul.")
    if count == 0:
        raise AddressRefused(f"Il manque le signe « @ » dans cette adresse. {EXAMPLE}")


def _composed(typed: str) -> str:
    """An accent typed apart from its letter is the same letter; no other sign may change."""
    for sign in typed:
        if unicodedata.normalize("NFC", sign) != sign:  # the Kelvin sign, which becomes K
            raise AddressRefused(_refusal_of_look_alike(sign))
    return unicodedata.normalize("NFC", typed)


def _local(before: str) -> str:
    if not before:
        raise AddressRefused(f"Il manque ce qui vient avant « @ ». {EXAMPLE}")
    _refuse_signs(before, _LOCAL_SIGNS, where="avant « @ »")
    if len(before) > LOCAL_LENGTH:
        raise AddressRefused(
            f"Ce qui vient avant « @ » est trop long : {LOCAL_LENGTH} signes au plus."
        )
    _refuse_dots(before, where="avant « @ »")
    return before.lower()


def _domain(after: str) -> str:
    if not after:
        raise AddressRefused(f"Il manque ce qui vient après « @ ». {EXAMPLE}")
    _refuse_signs(after, _DOMAIN_SIGNS | _DOMAIN_LETTERS, where="après « @ »")
    _refuse_dots(after, where="après « @ »")
    domain = after.lower()
    if not domain.isascii():
        # Each sign is one of ours by now: the codec maps none of them to something else.
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise AddressRefused(_no_such_domain(after)) from None
    labels = domain.split(".")
    if len(labels) == 1:
        raise AddressRefused(
            f"Cette adresse n’est pas complète : après « {after} » il manque la fin, par exemple"
            " « .fr »."
        )
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        raise AddressRefused(_no_such_domain(after))
    if len(labels[-1]) == 1:
        raise AddressRefused(
            f"Cette adresse n’est pas complète : la fin « .{labels[-1]} » est trop courte."
            f" {EXAMPLE}"
        )
    return domain


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _no_such_domain(after: str) -> str:
    return f"« {after} » ne peut pas être la fin d’une adresse e-mail. {EXAMPLE}"


def _refuse_signs(part: str, allowed: frozenset[str], *, where: str) -> None:
    for sign in part:
        # Only A-Z are made small: other capitals have small letters that are not theirs alone.
        small = sign.lower() if sign.isascii() or sign.lower() in _DOMAIN_LETTERS else sign
        if small not in allowed:
            raise AddressRefused(_refusal_of(sign, where))


def _refusal_of(sign: str, where: str) -> str:
    if sign in _MARKS:
        return f"Cette adresse contient {_MARKS[sign]} {where} : « {sign} ». Corrigez-la."
    if sign.isascii():
        return f"Cette adresse contient un signe qui n’y a pas sa place {where} : « {sign} »."
    base = unicodedata.normalize("NFD", sign)[0]
    if base != sign and base.isascii():
        return (
            f"Cette adresse contient un accent {where} : « {sign} ». Une adresse e-mail n’en a"
            f" pas : essayez « {base} »."
        )
    return _refusal_of_look_alike(sign)


def _refusal_of_look_alike(sign: str) -> str:
    return (
        f"Cette adresse contient « {sign} », un signe qu’aucune adresse n’a, même s’il ressemble à"
        " une lettre : tapez-la à la main."
    )


def _refuse_dots(part: str, *, where: str) -> None:
    if part.startswith("."):
        raise AddressRefused(f"Il y a un point de trop {where}, au début.")
    if part.endswith("."):
        raise AddressRefused(f"Il y a un point de trop {where}, à la fin.")
    if ".." in part:
        raise AddressRefused(f"Il y a deux points de suite {where} : laissez-en un.")


def _is_invisible(sign: str) -> bool:
    return (
        unicodedata.category(sign) in _INVISIBLE_CATEGORIES
        or sign in _INVISIBLE_SIGNS
        # Variation selectors, and marks that sit on no letter of ours once composed.
        or "\ufe00" <= sign <= "\ufe0f"
    )


def _place(typed: str, rank: int) -> str:
    """Between which signs, as they can be read."""
    before = "".join(one for one in typed[:rank] if not _is_invisible(one))[-12:]
    return f"après « {before} »" if before else "au début"


def _other_ending(domain: str) -> str:
    name, _, ending = domain.rpartition(".")
    meant = _ENDING_SLIPS.get(ending) or (_plain_ending(ending) if "xn--" in ending else "")
    return f"{name}.{meant}" if meant else ""


def _plain_ending(ending: str) -> str:
    """« com » for « coù »: the keys of accents stand beside « m » and « p »; "" when unlikely."""
    plain = _without_accents(ending)
    if plain in _ENDINGS:
        return plain
    near = (known for known in _ENDINGS if _is_one_slip(plain, known))
    return _ENDING_SLIPS.get(plain) or next(near, "")


def _frequent_neighbour(domain: str) -> str:
    if "xn--" in domain:
        domain = _without_accents(domain)
        if domain in FREQUENT_DOMAINS:
            return domain
    compared = (known for known in FREQUENT_DOMAINS if len(known) >= _SHORTEST_COMPARED)
    return next((known for known in compared if _is_one_slip(domain, known)), "")


def _without_accents(domain: str) -> str:
    try:
        shown = domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain
    letters = unicodedata.normalize("NFD", shown)
    return "".join(one for one in letters if not unicodedata.combining(one))


def _is_one_slip(one: str, other: str) -> bool:
    """True for one sign added, missing, changed, or two neighbours swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[1::-1] == b[:2] and a[2:] == b[2:])
    return a[1:] == b or a == b[1:]
