"""What a gateway says became of an SMS that it took (ADR 0097): everything else says nothing."""

import json
import re
from dataclasses import dataclass
from typing import Final

#: The digest of an event, as the gateway was given it.
KEY: Final = re.compile(r"[0-9a-f]{40}")
#: A code of the operator's own, kept for agents who call it.
CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
#: What is believed: the phone has it, or never will. Any other word may still change.
DELIVERED, FAILED = "delivered", "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the text of this key; `code` is the operator's reason, or empty."""

    key: str
    is_delivered: bool
    code: str = ""


def read_receipt(body: bytes) -> Receipt | None:
    """The receipt that this body is; None for anything else, whatever is in it."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    key, status, code = said.get("id"), said.get("status"), said.get("code", "")
    if not isinstance(key, str) or not KEY.fullmatch(key) or status not in (DELIVERED, FAILED):
        return None
    if not isinstance(code, str) or (code and not CODE.fullmatch(code)):
        return None
    return Receipt(key, status == DELIVERED, code)
