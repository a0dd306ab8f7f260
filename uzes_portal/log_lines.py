"""The log of a portal that serves: one line of JSON an event, and no personal datum.

Our own messages are written `event key=%s key=%s`. Of other libraries only the words of the message
are kept, without what they put into it (an address of a page may hold a secret), and of an error
its kind and its places in the code, without its text.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any, override

from uzes_portal.request_id import current_id

OURS = ("demarches", "pacs", "vitale", "uzes_portal")
_KEY = re.compile(r"\b(\w+)=(\S*)")


class JsonLines(logging.Formatter):
    """`{"at": …, "level": …, "event": …, "request": …}` and the keys of the event."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        if record.name.partition(".")[0] in OURS:
            said = record.getMessage()
            line |= {"event": said.partition(" ")[0], **dict(_KEY.findall(said))}
        else:
            line |= {"event": "library", "text": _words(record)}
        if request := current_id():
            line["request"] = request
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = type(error).__name__
            line["trace"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
        return json.dumps(line, ensure_ascii=False)


def _words(record: logging.LogRecord) -> str:
    """The words of a library; of an error that it gives as its message, the kind alone."""
    error = record.msg if isinstance(record.msg, BaseException) else None
    if error is None and record.exc_info and (raised := record.exc_info[1]):
        said = str(raised)
        error = raised if said and said in str(record.msg) else None
    return type(error).__name__ if error else str(record.msg)
