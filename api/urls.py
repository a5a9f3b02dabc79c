"""The addresses under /api/."""

from django.urls import path, re_path, register_converter
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from .errors import not_found
from .views import (
    agreement,
    assignments,
    discussions,
    docs,
    exports,
    influence,
    jobs,
    judges,
    members,
    people,
    pictures,
    protocols,
    queue,
    releases,
    samples,
    scores,
    studies,
)


class OpaqueId:
    """Twelve letters and digits without vowels; see `annotation.models.fields`."""

    regex = "[2-9b-z]{12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PictureSize(OpaqueId):
    """Which copy of a picture."""

    regex = "web|full"


class RowId(OpaqueId):
    """A number that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(OpaqueId, "opaque")
register_converter(PictureSize, "picture_size")
register_converter(RowId, "row")

app_name = "api"
urlpatterns = [
    # The busiest first: addresses are tried in this order.
    path("studies/<slug:slug>/assignments/", assignments.Assignments.as_view(), name="assignments"),
    path("assignments/<opaque:assignment>/score/", scores.Score.as_view(), name="score"),
    path("assignments/<opaque:assignment>/revision/", scores.Revision.as_view(), name="revision"),
    path("pictures/<opaque:picture>/<picture_size:size>/", pictures.Picture.as_view(), name="picture"),
    path("discussions/<opaque:discussion>/", discussions.OneDiscussion.as_view(), name="discussion"),
    path("me/", people.Me.as_view(), name="me"),
    path("session/", people.Session.as_view(), name="session"),
    path("tokens/", people.Tokens.as_view(), name="tokens"),
    path("tokens/<row:token>/", people.OneToken.as_view(), name="token"),
    path("rubrics/", studies.Rubrics.as_view(), name="rubrics"),
    path("studies/", studies.Studies.as_view(), name="studies"),
    path("studies/<slug:slug>/", studies.OneStudy.as_view(), name="study"),
    path("studies/<slug:slug>/copy/", studies.CopyStudy.as_view(), name="copy-study"),
    path("studies/<slug:slug>/protocol/", protocols.CurrentProtocol.as_view(), name="protocol"),
    path("studies/<slug:slug>/protocol/forecast/", protocols.Forecast.as_view(), name="protocol-forecast"),
    path("studies/<slug:slug>/protocol/move/", protocols.Move.as_view(), name="protocol-move"),
    path("studies/<slug:slug>/members/", members.Members.as_view(), name="members"),
    path("studies/<slug:slug>/members/<opaque:member>/", members.OneMember.as_view(), name="member"),
    path("studies/<slug:slug>/invitations/", members.Invitations.as_view(), name="invitations"),
    path("studies/<slug:slug>/invitations/<row:invitation>/", members.OneInvitation.as_view(), name="invitation"),
    path("invitations/accept/", members.AcceptInvitation.as_view(), name="accept-invitation"),
    path("studies/<slug:slug>/imports/", jobs.Imports.as_view(), name="imports"),
    path("studies/<slug:slug>/jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<opaque:job>/", jobs.OneJob.as_view(), name="job"),
    path("jobs/<opaque:job>/log/", jobs.JobLog.as_view(), name="job-log"),
    path("jobs/<opaque:job>/refusals/", jobs.Refusals.as_view(), name="job-refusals"),
    path("jobs/<opaque:job>/cancel/", jobs.CancelJob.as_view(), name="job-cancel"),
    path("jobs/<opaque:job>/retry/", jobs.RetryJob.as_view(), name="job-retry"),
    path("studies/<slug:slug>/samples/", samples.Samples.as_view(), name="samples"),
    path("samples/<opaque:sample>/", samples.OneSample.as_view(), name="sample"),
    path("samples/<opaque:sample>/history/", samples.History.as_view(), name="sample-history"),
    path("samples/<opaque:sample>/reopen/", samples.Reopen.as_view(), name="sample-reopen"),
    path("samples/<opaque:sample>/withdraw/", samples.Withdraw.as_view(), name="sample-withdraw"),
    path("samples/<opaque:sample>/review/", samples.Review.as_view(), name="sample-review"),
    path("samples/<opaque:sample>/assign/", samples.Assign.as_view(), name="sample-assign"),
    path("studies/<slug:slug>/scores/", exports.Scores.as_view(), name="scores"),
    path("studies/<slug:slug>/progress/", assignments.Progress.as_view(), name="progress"),
    path("assignments/<opaque:assignment>/", assignments.OneAssignment.as_view(), name="assignment"),
    path("assignments/<opaque:assignment>/skip/", assignments.Skip.as_view(), name="skip"),
    path("assignments/<opaque:assignment>/renew/", assignments.Renew.as_view(), name="renew"),
    path("studies/<slug:slug>/discussions/", discussions.Discussions.as_view(), name="discussions"),
    path("discussions/<opaque:discussion>/reason/", discussions.Reason.as_view(), name="discussion-reason"),
    path("discussions/<opaque:discussion>/posts/", discussions.Posts.as_view(), name="discussion-posts"),
    path("discussions/<opaque:discussion>/stances/", discussions.Stances.as_view(), name="discussion-stances"),
    path("discussions/<opaque:discussion>/override/", discussions.Override.as_view(), name="discussion-override"),
    path("discussions/<opaque:discussion>/excuse/", discussions.Excuse.as_view(), name="discussion-excuse"),
    path("discussions/<opaque:discussion>/deadline/", discussions.Deadline.as_view(), name="discussion-deadline"),
    path("studies/<slug:slug>/agreement/", agreement.Agreement.as_view(), name="agreement"),
    path("studies/<slug:slug>/influence/", influence.Influence.as_view(), name="influence"),
    path("studies/<slug:slug>/annotators/", agreement.Annotators.as_view(), name="annotators"),
    path("studies/<slug:slug>/releases/", releases.Releases.as_view(), name="releases"),
    path("studies/<slug:slug>/test-pool/", releases.Pool.as_view(), name="test-pool"),
    path("releases/<opaque:release>/", releases.OneRelease.as_view(), name="release"),
    path("releases/<opaque:release>/renditions/", releases.Renditions.as_view(), name="renditions"),
    path(
        "releases/<opaque:release>/renditions/<opaque:rendition>/archive/",
        releases.Archive.as_view(),
        name="release-archive",
    ),
    path("releases/<opaque:release>/files/<path:name>", releases.ReleaseFile.as_view(), name="release-file"),
    path("studies/<slug:slug>/judge-runs/", judges.JudgeRuns.as_view(), name="judge-runs"),
    path("studies/<slug:slug>/predictions/", judges.Predictions.as_view(), name="predictions"),
    path("judge-runs/<opaque:run>/", judges.OneJudgeRun.as_view(), name="judge-run"),
    path("judge-runs/<opaque:run>/scorecard/", judges.JudgeScorecard.as_view(), name="judge-scorecard"),
    path("judge-runs/<opaque:run>/comparison/", judges.JudgeComparison.as_view(), name="judge-comparison"),
    path("judge-runs/<opaque:run>/pairs/", judges.JudgePairs.as_view(), name="judge-pairs"),
    path("judge-runs/<opaque:run>/archive/", judges.JudgeArchive.as_view(), name="judge-archive"),
    path("judge-runs/<opaque:run>/activate/", judges.Activate.as_view(), name="judge-activate"),
    path("judge-runs/<opaque:run>/deactivate/", judges.Deactivate.as_view(), name="judge-deactivate"),
    path("judge-runs/<opaque:run>/predict/", judges.Predict.as_view(), name="judge-predict"),
    path("judge-runs/<opaque:run>/evaluate/", judges.Evaluate.as_view(), name="judge-evaluate"),
    path("studies/<slug:slug>/queue/", queue.ReviewQueue.as_view(), name="queue"),
    path("studies/<slug:slug>/queue/refresh/", queue.RefreshQueue.as_view(), name="queue-refresh"),
    path("queue/<opaque:entry>/pin/", queue.Pin.as_view(), name="queue-pin"),
    path("queue/<opaque:entry>/dismiss/", queue.Dismiss.as_view(), name="queue-dismiss"),
    path("queue/<opaque:entry>/review/", queue.Review.as_view(), name="queue-review"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.Docs.as_view(), name="docs"),
    # Exempt, or a write to nowhere would be answered by a page about CSRF.
    re_path(r"", csrf_exempt(not_found)),
]
