#!/usr/bin/env python
"""Run a Django management command with the portal's settings."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzes_portal.settings")
    if "makemigrations" in sys.argv[1:2]:
        # Only ever run in development: it needs none of the secrets of a deployment.
        os.environ.setdefault("DEBUG", "1")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        # What is missing is said by the message; the lines of our code help nobody who installs.
        sys.exit(f"MAL     Configuration : {problem}\n        → Voyez .env.example et README.md.")
