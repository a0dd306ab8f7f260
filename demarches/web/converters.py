"""Path converters for addresses."""


class ReferenceConverter:
    """A dossier's reference; whether it is a true one is checked when the dossier is looked up."""

    regex = r"[A-Za-z]{2,5}-\d{4}-\d{6}-[0-9A-Za-z]"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value


class FicheConverter:
    """The identifier of a document of the national guidance: F1618, N418, R1106."""

    regex = r"[FNR][0-9]{1,6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class NumberConverter:
    """A row's key, or a page's number: no longer than any row will ever have.

    Django's own takes thousands of digits, which neither `int` nor the database reads.
    """

    regex = r"[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: object) -> str:
        return str(value)
