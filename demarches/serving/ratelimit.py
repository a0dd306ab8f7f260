"""Limits on what can be asked how often: sign-in, codes, uploads, PDFs.

The limits stand in `settings.RATE_LIMITS` as « times, seconds »; each is declared on the view it
guards, and names no method. Beyond, the person gets a page that says when to come back (429,
Retry-After).
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from demarches.models import RateCounter

type View = Callable[..., HttpResponseBase]

#: A household or a server owns a whole /64: one address of it more or less changes nothing.
IPV6_PREFIX = 64
READING = frozenset({"GET", "HEAD"})
#: Counters that are over are swept by one request in so many.
SWEEP_EVERY = 100


def client_ip(request: HttpRequest) -> str:
    """The address of the person, read where our own proxies write it.

    X-Forwarded-For is a list to which each proxy adds the address it sees: only its last
    entries, as many as we have proxies, were written by us. The rest is whatever was sent.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXY_COUNT:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= settings.TRUSTED_PROXY_COUNT:
            address = forwarded[-settings.TRUSTED_PROXY_COUNT].strip()
    ip = read_address(address)
    if ip is None:
        return "unknown"
    if isinstance(ip, IPv6Address):
        return str(IPv6Network((int(ip), IPV6_PREFIX), strict=False).network_address)
    return str(ip)


def who_computes(request: HttpRequest) -> str:
    """An address that carries answers asks for a computation; the bare page does not."""
    return client_ip(request) if request.GET else ""


def read_address(written: str) -> IPv4Address | IPv6Address | None:
    """An address as servers and proxies write it, alone, in brackets or with its port.

    An IPv4 address that a socket for both kinds shows as IPv6 is the IPv4 address.
    """
    bare = written.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        ip = ip_address(bare)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def seconds_to_wait(scope: str, key: str) -> int:
    """Count one request; 0 when it may go on, else the seconds until the next one may."""
    return seconds_left(scope, count_one(scope, key))


def count_one(scope: str, key: str) -> RateCounter:
    """Count one request, and return its counter."""
    _, seconds = settings.RATE_LIMITS[scope]
    at = timezone.now()
    digest = salted_hmac("demarches.ratelimit", f"{scope}:{key}", algorithm="sha256").hexdigest()
    counter = RateCounter.objects.count_one(digest, at=at, window=timedelta(seconds=seconds))
    if counter.pk % SWEEP_EVERY == 0 and counter.hits == 1:
        RateCounter.objects.over(at).exclude(pk=counter.pk).delete()
    return counter


def seconds_left(scope: str, counter: RateCounter) -> int:
    """0 while the counter is within the limit of this scope, else the seconds until it is over."""
    if counter.hits <= settings.RATE_LIMITS[scope][0]:
        return 0
    return max(1, ceil((counter.ends_at - timezone.now()).total_seconds()))


def too_many_requests(request: HttpRequest, seconds: int, *, text: str = "") -> HttpResponse:
    """The page that says when to come back; `text`: what happened, when it is not « essais »."""
    context = {"minutes": ceil(seconds / 60), "hours": ceil(seconds / 3600), "text": text}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def rate_limited(
    scope: str, *, reads: bool, by: Callable[[HttpRequest], str] = client_ip
) -> Callable[[View], View]:
    """Limit a view; stands above what says which methods the view takes.

    `reads`: whether showing the page counts (GET and HEAD alike) or only what is sent to it;
    every other method always counts. `by` gives what is counted, and nothing is counted
    when it gives "".
    """
    if scope not in settings.RATE_LIMITS:
        raise ImproperlyConfigured(f"RATE_LIMITS has no line for {scope!r}.")

    def decorate(view: View) -> View:
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            counts = reads or request.method not in READING
            if counts and (key := by(request)):
                seconds = seconds_to_wait(scope, key)
                if seconds:
                    return too_many_requests(request, seconds)
            return view(request, *args, **kwargs)

        return limited

    return decorate
