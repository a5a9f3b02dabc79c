"""Selects predictions on samples that a judge did not learn from. Read-only.

A judge remembers what it has learned from, and what it says of that flatters it. Fair is what models said that had not
seen the sample's question (``out_of_fold``), and what any run says of a sample that it did not learn from. The samples
that a run learned from are those of its release's training part that were not kept for calibration. What was imported
came with no such list: whoever imports it answers for it.

`unseen_sql` is the same rule for statements that join predictions with much else.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.models import JudgeRun, Prediction, Question, ReleaseEntry


def training_entries(run: JudgeRun) -> QuerySet[ReleaseEntry]:
    """Return the release entries that the run was trained on; none for an imported run.

    A backend that keeps questions for its own calibration (see `judge.data_parts`) learned from a few less.
    """
    return ReleaseEntry.objects.filter(
        release=run.release_id, sample__question__part=Question.Part.TRAIN, sample__question__calibration=False
    )


def fair_predictions(run: JudgeRun) -> QuerySet[Prediction]:
    """Return the run's predictions on samples it did not learn from, failed ones included."""
    said = Prediction.objects.filter(run=run)
    if run.release_id is None:
        return said
    return said.filter(Q(out_of_fold=True) | ~Exists(training_entries(run).filter(sample=OuterRef("sample_id"))))


def unseen_sql(*, prediction: str, run: str, question: str) -> str:
    """Return the SQL condition of `fair_predictions`, given the aliases of the three tables.

    ``question`` is the question of the prediction's sample.
    """
    entry = f"""SELECT 1 FROM annotation_releaseentry e
                WHERE e.release_id = {run}.release_id AND e.sample_id = {prediction}.sample_id"""  # noqa: S608
    return f"""({prediction}.out_of_fold OR {run}.release_id IS NULL
                OR {question}.part <> '{Question.Part.TRAIN}' OR {question}.calibration OR NOT EXISTS ({entry}))"""
