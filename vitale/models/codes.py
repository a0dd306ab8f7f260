"""Rows that open without an account: their reference, and a secret of which only a digest stays."""

from django.db import models

from vitale.rules.codes import digest, new_secret, opens


class Coded(models.Model):
    """Opened by whoever has the reference and the secret, on paper for instance."""

    reference: str
    secret_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def has_secret(self) -> bool:
        return bool(self.secret_digest)

    def renew_secret(self) -> str:
        """Give the row a new secret; the one before opens nothing any more."""
        secret = new_secret()
        self.secret_digest = digest(self.reference, secret)
        self.save(update_fields=["secret_digest"])
        return secret

    def opens_with(self, secret: str) -> bool:
        return opens(self.secret_digest, self.reference, secret)
