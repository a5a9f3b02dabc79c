"""Which scores count: the one home of the rule, as conditions of the ORM and of SQL.

- *Valid*: not voided.
- *First round*: given before any discussion; what was signed in one has a later round.
- *Independent*: of the first round, and given before the values of others or of a judge were seen. Scores of the
  delayed arm are independent, as the own values were locked first; scores of the prefilled arm are not.
- *Deciding*: of the first round and complete, whatever the arm. Of imported scores only those of a sample that they
  decide (`Sample.counts_imported`).
"""

from django.db.models import Q

from annotation.models import Arm, Score

INDEPENDENT_ORIGINS = (Score.Origin.GIVEN, Score.Origin.IMPORTED)
INDEPENDENT_ARMS = (Arm.BLIND, Arm.DELAYED)


def first_round_scores(path: str = "") -> Q:
    """Return the condition of valid scores of the first round; ``path`` leads to the score, as in ``score__``."""
    return Q(**{f"{path}round": 1, f"{path}voided_at": None})


def complete_scores(path: str = "") -> Q:
    """Return the condition of scores that decide a sample, but for the origin: imported ones decide some samples."""
    return first_round_scores(path) & Q(**{f"{path}complete": True})


def independent_scores(path: str = "") -> Q:
    """Return the condition of independent scores; ``path`` leads to the score, as in ``score__``."""
    return first_round_scores(path) & Q(
        **{f"{path}origin__in": INDEPENDENT_ORIGINS, f"{path}arm__in": INDEPENDENT_ARMS}
    )


def first_round_sql(score: str) -> str:
    """Return the SQL condition of valid scores of the first round; ``score`` is the alias of their table."""
    return f"{score}.round = 1 AND {score}.voided_at IS NULL"


def complete_sql(score: str) -> str:
    """Return the SQL condition of `complete_scores`."""
    return f"{first_round_sql(score)} AND {score}.complete"


def independent_sql(score: str) -> str:
    """Return the SQL condition of `independent_scores`."""
    origins = ", ".join(f"'{origin}'" for origin in INDEPENDENT_ORIGINS)
    arms = ", ".join(str(int(arm)) for arm in INDEPENDENT_ARMS)
    return f"{first_round_sql(score)} AND {score}.origin IN ({origins}) AND {score}.arm IN ({arms})"
