"""Users, members, exposures, invitations and API tokens."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from .fields import opaque_id, shuffle_number
from .studies import Study


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password there is no way to sign in until one is set."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person with a login."""

    username = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=5, blank=True, choices=[("light", "light"), ("dark", "dark")])
    digest = models.CharField(
        max_length=6,
        blank=True,
        choices=[("daily", "daily")],
        help_text="mail about discussions that wait; empty: none",
    )
    digested_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_site_admin = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False, help_text="a login whose password is printed by the demo")
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.username


def pseudonym_of(public_id: str) -> str:
    """Return what stands for a member's name where names are not shown, given the member's opaque id."""
    return f"R-{public_id}"


class Member(models.Model):
    """A person's membership of one study; without ``user`` it only carries imported scores."""

    class Role(models.TextChoices):
        ANNOTATOR = "annotator", "annotator"
        ADMIN = "admin", "admin"
        RESEARCHER = "researcher", "researcher"

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        PAUSED = "paused", "paused"
        LEFT = "left", "left"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="memberships")
    name = models.CharField(max_length=120, help_text="as in score tables of this study")
    public_id = models.CharField(max_length=12, unique=True, default=opaque_id, editable=False)
    role = models.CharField(max_length=10, choices=Role.choices)
    state = models.CharField(max_length=6, choices=State.choices, default=State.ACTIVE)
    shuffle_start = models.PositiveIntegerField(
        default=shuffle_number, help_text="where this member starts in the shuffled order of new samples"
    )
    has_exposures = models.BooleanField(default=False, help_text="has looked into single samples as an admin")
    exposed_through = models.BigIntegerField(
        default=0, help_text="every sample up to this id was seen at once, by an export or a list"
    )
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="member_name_once"),
            models.UniqueConstraint(fields=["study", "user"], name="member_user_once"),
        ]
        ordering = ["study", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def pseudonym(self) -> str:
        """What stands for the member's name where names are not shown."""
        return pseudonym_of(self.public_id)

    def display_name(self, *, names: bool) -> str:
        """Return the name where ``names`` are shown, else the pseudonym."""
        return self.name if names else self.pseudonym


class Exposure(models.Model):
    """A member's loss of independence on a sample, having seen its scores or scored it elsewhere."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="exposures")
    sample = models.ForeignKey("annotation.Sample", on_delete=models.CASCADE, related_name="exposures")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "sample"], name="exposure_once")]


class Invitation(models.Model):
    """A link that makes its bearer a member; only the hash of its secret is kept."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Member.Role.choices)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, help_text="the member without login to be linked"
    )
    secret_hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=200, blank=True)
    uses_left = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)


class ApiToken(models.Model):
    """A secret for programs, acting as its user; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    secret_hash = models.CharField(max_length=64, unique=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(revoked_at__isnull=True), name="token_name_once"
            )
        ]
