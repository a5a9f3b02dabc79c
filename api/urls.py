"""URL patterns of the REST API."""

from django.urls import path, re_path, register_converter
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from .errors import respond_not_found
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
    """The size of a picture's copy."""

    regex = "web|full"


class RowId(OpaqueId):
    """An integer primary key that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(OpaqueId, "opaque")
register_converter(PictureSize, "picture_size")
register_converter(RowId, "row")

app_name = "api"
urlpatterns = [
    # The busiest first: addresses are tried in this order.
    path("studies/<slug:slug>/assignments/", assignments.AssignmentsView.as_view(), name="assignments"),
    path("assignments/<opaque:assignment>/score/", scores.ScoreView.as_view(), name="score"),
    path("assignments/<opaque:assignment>/revision/", scores.RevisionView.as_view(), name="revision"),
    path("pictures/<opaque:picture>/<picture_size:size>/", pictures.PictureView.as_view(), name="picture"),
    path("discussions/<opaque:discussion>/", discussions.OneDiscussionView.as_view(), name="discussion"),
    path("me/", people.MeView.as_view(), name="me"),
    path("session/", people.SessionView.as_view(), name="session"),
    path("tokens/", people.TokensView.as_view(), name="tokens"),
    path("tokens/<row:token>/", people.OneTokenView.as_view(), name="token"),
    path("rubrics/", studies.RubricsView.as_view(), name="rubrics"),
    path("studies/", studies.StudiesView.as_view(), name="studies"),
    path("studies/<slug:slug>/", studies.OneStudyView.as_view(), name="study"),
    path("studies/<slug:slug>/copy/", studies.CopyStudyView.as_view(), name="copy-study"),
    path("studies/<slug:slug>/protocol/", protocols.CurrentProtocolView.as_view(), name="protocol"),
    path("studies/<slug:slug>/protocol/forecast/", protocols.ForecastView.as_view(), name="protocol-forecast"),
    path("studies/<slug:slug>/protocol/move/", protocols.MoveView.as_view(), name="protocol-move"),
    path("studies/<slug:slug>/members/", members.MembersView.as_view(), name="members"),
    path("studies/<slug:slug>/members/<opaque:member>/", members.OneMemberView.as_view(), name="member"),
    path("studies/<slug:slug>/invitations/", members.InvitationsView.as_view(), name="invitations"),
    path("studies/<slug:slug>/invitations/<row:invitation>/", members.OneInvitationView.as_view(), name="invitation"),
    path("invitations/accept/", members.AcceptInvitationView.as_view(), name="accept-invitation"),
    path("studies/<slug:slug>/imports/", jobs.ImportsView.as_view(), name="imports"),
    path("studies/<slug:slug>/jobs/", jobs.JobsView.as_view(), name="jobs"),
    path("jobs/<opaque:job>/", jobs.OneJobView.as_view(), name="job"),
    path("jobs/<opaque:job>/log/", jobs.JobLogView.as_view(), name="job-log"),
    path("jobs/<opaque:job>/refusals/", jobs.RefusalsView.as_view(), name="job-refusals"),
    path("jobs/<opaque:job>/cancel/", jobs.CancelJobView.as_view(), name="job-cancel"),
    path("jobs/<opaque:job>/retry/", jobs.RetryJobView.as_view(), name="job-retry"),
    path("studies/<slug:slug>/samples/", samples.SamplesView.as_view(), name="samples"),
    path("samples/<opaque:sample>/", samples.OneSampleView.as_view(), name="sample"),
    path("samples/<opaque:sample>/history/", samples.HistoryView.as_view(), name="sample-history"),
    path("samples/<opaque:sample>/reopen/", samples.ReopenView.as_view(), name="sample-reopen"),
    path("samples/<opaque:sample>/withdraw/", samples.WithdrawView.as_view(), name="sample-withdraw"),
    path("samples/<opaque:sample>/review/", samples.SampleReviewView.as_view(), name="sample-review"),
    path("samples/<opaque:sample>/assign/", samples.AssignView.as_view(), name="sample-assign"),
    path("studies/<slug:slug>/scores/", exports.ScoresView.as_view(), name="scores"),
    path("studies/<slug:slug>/progress/", assignments.ProgressView.as_view(), name="progress"),
    path("assignments/<opaque:assignment>/", assignments.OneAssignmentView.as_view(), name="assignment"),
    path("assignments/<opaque:assignment>/skip/", assignments.SkipView.as_view(), name="skip"),
    path("assignments/<opaque:assignment>/renew/", assignments.RenewView.as_view(), name="renew"),
    path("studies/<slug:slug>/discussions/", discussions.DiscussionsView.as_view(), name="discussions"),
    path("discussions/<opaque:discussion>/reason/", discussions.ReasonView.as_view(), name="discussion-reason"),
    path("discussions/<opaque:discussion>/posts/", discussions.PostsView.as_view(), name="discussion-posts"),
    path("discussions/<opaque:discussion>/stances/", discussions.StancesView.as_view(), name="discussion-stances"),
    path("discussions/<opaque:discussion>/override/", discussions.OverrideView.as_view(), name="discussion-override"),
    path("discussions/<opaque:discussion>/excuse/", discussions.ExcuseView.as_view(), name="discussion-excuse"),
    path("discussions/<opaque:discussion>/deadline/", discussions.DeadlineView.as_view(), name="discussion-deadline"),
    path("studies/<slug:slug>/agreement/", agreement.AgreementView.as_view(), name="agreement"),
    path("studies/<slug:slug>/influence/", influence.InfluenceView.as_view(), name="influence"),
    path("studies/<slug:slug>/annotators/", agreement.AnnotatorsView.as_view(), name="annotators"),
    path("studies/<slug:slug>/releases/", releases.ReleasesView.as_view(), name="releases"),
    path("studies/<slug:slug>/test-pool/", releases.PoolView.as_view(), name="test-pool"),
    path("releases/<opaque:release>/", releases.OneReleaseView.as_view(), name="release"),
    path("releases/<opaque:release>/renditions/", releases.RenditionsView.as_view(), name="renditions"),
    path(
        "releases/<opaque:release>/renditions/<opaque:rendition>/archive/",
        releases.ArchiveView.as_view(),
        name="release-archive",
    ),
    path("releases/<opaque:release>/files/<path:name>", releases.ReleaseFileView.as_view(), name="release-file"),
    path("studies/<slug:slug>/judge-runs/", judges.JudgeRunsView.as_view(), name="judge-runs"),
    path("studies/<slug:slug>/predictions/", judges.PredictionsView.as_view(), name="predictions"),
    path("judge-runs/<opaque:run>/", judges.OneJudgeRunView.as_view(), name="judge-run"),
    path("judge-runs/<opaque:run>/scorecard/", judges.JudgeScorecardView.as_view(), name="judge-scorecard"),
    path("judge-runs/<opaque:run>/comparison/", judges.JudgeComparisonView.as_view(), name="judge-comparison"),
    path("judge-runs/<opaque:run>/pairs/", judges.JudgePairsView.as_view(), name="judge-pairs"),
    path("judge-runs/<opaque:run>/archive/", judges.JudgeArchiveView.as_view(), name="judge-archive"),
    path("judge-runs/<opaque:run>/activate/", judges.ActivateView.as_view(), name="judge-activate"),
    path("judge-runs/<opaque:run>/deactivate/", judges.DeactivateView.as_view(), name="judge-deactivate"),
    path("judge-runs/<opaque:run>/predict/", judges.PredictView.as_view(), name="judge-predict"),
    path("judge-runs/<opaque:run>/evaluate/", judges.EvaluateView.as_view(), name="judge-evaluate"),
    path("studies/<slug:slug>/queue/", queue.ReviewQueueView.as_view(), name="queue"),
    path("studies/<slug:slug>/queue/refresh/", queue.RefreshQueueView.as_view(), name="queue-refresh"),
    path("queue/<opaque:entry>/pin/", queue.PinView.as_view(), name="queue-pin"),
    path("queue/<opaque:entry>/dismiss/", queue.DismissView.as_view(), name="queue-dismiss"),
    path("queue/<opaque:entry>/review/", queue.ReviewView.as_view(), name="queue-review"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.DocsView.as_view(), name="docs"),
    # Exempt, or a write to nowhere would be answered by a page about CSRF.
    re_path(r"", csrf_exempt(respond_not_found)),
]
