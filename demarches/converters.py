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
