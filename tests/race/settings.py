"""The portal's production settings, over plain HTTP and without the limits of a house.

But for one of them, that of a page which nothing here reads otherwise.
"""

from uzes_portal.settings import *  # noqa: F403
from uzes_portal.settings import RATE_LIMITS

SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "sessionid", False
CSRF_COOKIE_NAME, CSRF_COOKIE_SECURE = "csrftoken", False
SECURE_SSL_REDIRECT = False
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, (1_000_000, 60)) | {"agenda_feed": (20, 3600)}
