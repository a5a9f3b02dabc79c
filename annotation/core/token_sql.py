"""SQL that finds the user of an API token, run in every request of a program."""

from annotation.models import User

from .sql import fetch_rows

# The rest is read only when somebody asks for it.
FIELDS = ("id", "username", "name", "email", "time_zone", "theme", "is_active", "is_site_admin", "is_demo")
STATEMENT = f"""SELECT {", ".join(f"u.{field}" for field in FIELDS)}
    FROM annotation_apitoken t JOIN annotation_user u ON u.id = t.user_id
    WHERE t.secret_hash = %s AND t.revoked_at IS NULL AND u.is_active"""  # noqa: S608 - only constants are put in


def user_of_token(secret_hash: str) -> User | None:
    """Return the user of a valid token, unless their account is disabled."""
    rows = fetch_rows(STATEMENT, [secret_hash])
    return User.from_db("default", FIELDS, rows[0]) if rows else None
