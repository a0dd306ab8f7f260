"""Every page that takes a file meets every bomb: answered in time, in words, and nothing kept."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.actions.counter import open_at_counter
from pacs.forms.pieces import MultipleFileField, PieceForm
from pacs.models import Dossier, PieceFile
from tests.support import files
from tests.support.forms import answer_pieces
from tests.support.pages import Page
