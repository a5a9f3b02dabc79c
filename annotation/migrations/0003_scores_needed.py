"""Samples that were begun under an earlier version learn how many scores decide them."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def fill(apps, schema_editor):
    Sample = apps.get_model("annotation", "Sample")
    Protocol = apps.get_model("annotation", "Protocol")
    k = Protocol.objects.filter(pk=OuterRef("protocol")).values("annotators_per_sample")
    Sample.objects.filter(protocol__isnull=False).update(scores_needed=Subquery(k))
    # Those with more imported scores than k were closed by an admin's word that the import is complete.
    Sample.objects.filter(
        protocol__isnull=False, stage=0, scores_in__gte=F("scores_needed"), assignments__isnull=True
    ).update(counts_imported=True, scores_needed=F("scores_in"))


class Migration(migrations.Migration):
    dependencies = [("annotation", "0002_discussions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
