"""Accounts: residents sign in with a code sent by mail, staff with a password."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from demarches.models.address import AddressField, canonical_check
from demarches.models.fields import GuardedCharField
from demarches.rules.addresses import canonical_address, read_address
from demarches.rules.rights import MANAGE


class UserManager(BaseUserManager["User"]):
    """Create accounts; an address is stored in its one form and belongs to one account."""

    def _create(self, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=read_address(email), **fields)
        if password is None:
            user.set_unusable_password()
        else:
            user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self._create(email, password, **fields)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self._create(email, password, is_staff=True, is_superuser=True, **fields)

    def for_sign_in(self, email: str) -> "User | None":
        """The account that may receive a code, made at the first request; None for staff.

        Whether the address was known must not show: everybody gets the same answer, and an
        account that is never used is purged (`purge_accounts`). `email` is an address
        (`AddressRefused` otherwise); the code goes to the address of the account.
        """
        try:
            user = self.get_by_natural_key(email)
        except self.model.DoesNotExist:
            try:
                with transaction.atomic(using=self._db):
                    user = self.create_user(email)
            except IntegrityError:  # the same person asked twice at once
                user = self.get_by_natural_key(email)
        return user if user.is_active and not user.is_staff else None

    def of_address(self, email: str) -> "User | None":
        """The account of this address, if there is one."""
        return self.filter(email=canonical_address(email)).first()

    def administrators(self) -> "models.QuerySet[User]":
        """Agents in office who may change accounts."""
        return self.agents_who_may(MANAGE)

    def agents_who_may(self, permission: str) -> "models.QuerySet[User]":
        """Agents in office who hold « app.codename », by a group, alone, or as superuser."""
        app, codename = permission.split(".")
        holders = Permission.objects.filter(content_type__app_label=app, codename=codename)
        return self.filter(is_staff=True, is_active=True).filter(
            models.Q(is_superuser=True)
            | models.Q(pk__in=self.filter(groups__permissions__in=holders).values("pk"))
            | models.Q(pk__in=self.filter(user_permissions__in=holders).values("pk"))
        )

    def agent_called(self, typed: str) -> "User | None":
        """The agent this typed address names; None for residents and unknown addresses."""
        try:
            found = self.get_by_natural_key(typed)
        except self.model.DoesNotExist:
            return None
        return found if found.is_staff else None

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account of this address, sign for sign; what is no address has none."""
        return self.get(email=canonical_address(username))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: resident, agent or officier."""

    email = AddressField("adresse e-mail", unique=True, max_length=254)
    full_name = GuardedCharField("nom affiché", max_length=150, blank=True)
    is_staff = models.BooleanField("agent de la mairie", default=False)
    is_active = models.BooleanField("compte actif", default=True)
    date_joined = models.DateTimeField("créé le", default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        constraints = [
            canonical_check("email", "demarches_user_email_canonical", may_be_empty=False)
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_short_name(self) -> str:
        return str(self)
