"""How an act is refused whose page is no longer true: what was read has changed since."""

from django.core.exceptions import ValidationError

from demarches.rules.read import Shown, changed_names, is_as_read


class ChangedSince(ValidationError):
    """The person acted on something that is no longer as they had read it; nothing changed.

    `names` say what differs, in the words of whoever described the page.
    """

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        super().__init__("Ce que vous aviez lu a changé entre-temps.")
        self.names = names


def check_read(read: str | None, now: Shown) -> None:
    """Refuse an act on something that changed since its page was read; call it under the lock.

    `read` None: whoever acts had no page (a command, another action).
    """
    if read is not None and not is_as_read(read, now):
        raise ChangedSince(changed_names(read, now))
