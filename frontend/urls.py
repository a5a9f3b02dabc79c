"""The addresses of the pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .views import (
    account,
    agreement,
    discussion_page,
    discussions,
    documents,
    exports,
    home,
    imports,
    influence,
    jobs,
    join,
    judges,
    my_samples,
    new_studies,
    people,
    queue,
    queue_entry,
    releases,
    report_csv,
    sample,
    samples,
    scoring_page,
    settings,
    sign_in,
    study_overview,
)


class OpaqueName(StringConverter):
    """The public name of a row; see `annotation.models.fields`."""

    regex = "[2-9b-z]{12}"


class RowNumber(StringConverter):
    """A number that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(OpaqueName, "name")
register_converter(RowNumber, "number")

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("password/<str:uidb64>/<str:token>/", sign_in.SetPassword.as_view(), name="set-password"),
    path("join/<str:secret>/", join.join, name="join"),
    path("docs/", documents.show_document, name="documents"),
    path("docs/<str:file_name>", documents.show_document, name="document"),
    path("account/", account.account, name="account"),
    path("account/password/", account.change_password, name="password"),
    path("account/tokens/", account.create_token, name="tokens"),
    path("account/tokens/<number:token_id>/revoke/", account.revoke_token, name="token-revoke"),
    path("account/sessions/", account.sign_out_everywhere, name="sessions"),
    path("new-study/", new_studies.new_study, name="new-study"),
    path("studies/<slug:slug>/", study_overview.study_overview, name="study"),
    path("studies/<slug:slug>/rubric/", study_overview.rubric, name="rubric"),
    path("studies/<slug:slug>/settings/", settings.settings, name="settings"),
    path("studies/<slug:slug>/settings/start/", settings.start_study, name="study-start"),
    path("studies/<slug:slug>/settings/rules/", settings.change_protocol, name="protocol"),
    path(
        "studies/<slug:slug>/settings/rules/consequences/", settings.preview_consequences, name="protocol-consequences"
    ),
    path("studies/<slug:slug>/settings/rules/move/", settings.move_samples, name="protocol-move"),
    path("studies/<slug:slug>/copy/", new_studies.copy_study, name="copy-study"),
    path("studies/<slug:slug>/score/", scoring_page.scoring_page, name="score"),
    path("studies/<slug:slug>/discuss/", discussion_page.discussion_page, name="discuss"),
    path("studies/<slug:slug>/discuss/<name:case>/", discussion_page.discussion_page, name="discuss-one"),
    path("studies/<slug:slug>/mine/", my_samples.my_samples, name="mine"),
    path("studies/<slug:slug>/mine/<name:assignment_id>/", my_samples.my_score, name="mine-one"),
    path("studies/<slug:slug>/mine/<name:assignment_id>/undo/", my_samples.undo_my_score, name="mine-undo"),
    path("studies/<slug:slug>/agreement/", agreement.agreement, name="agreement"),
    path("studies/<slug:slug>/agreement/refresh/", agreement.refresh_reports, name="agreement-refresh"),
    path("studies/<slug:slug>/influence/", influence.influence, name="influence"),
    path("studies/<slug:slug>/influence/suggestions/", influence.suggestions_csv, name="suggestions-csv"),
    path("studies/<slug:slug>/figures/", agreement.report_status, name="figures-age"),
    path("studies/<slug:slug>/figures/<str:table>.csv", report_csv.report_csv, name="figures-csv"),
    path("studies/<slug:slug>/people/", people.people, name="people"),
    path("studies/<slug:slug>/people/<name:member_id>/", people.member, name="member"),
    path("studies/<slug:slug>/people/<name:member_id>/invite/", people.invite_member, name="member-invite"),
    path("studies/<slug:slug>/people/<name:member_id>/password/", people.password_link, name="password-link"),
    path("studies/<slug:slug>/invitations/", people.create_invitation, name="invite"),
    path(
        "studies/<slug:slug>/invitations/<number:invitation_id>/revoke/",
        people.revoke_invitation,
        name="invitation-revoke",
    ),
    path("studies/<slug:slug>/queue/", queue.queue, name="queue"),
    path("studies/<slug:slug>/queue/csv/", queue.queue_csv, name="queue-csv"),
    path("studies/<slug:slug>/queue/age/", queue.queue_status, name="queue-age"),
    path("studies/<slug:slug>/queue/refresh/", queue.refresh_queue, name="queue-refresh"),
    path("studies/<slug:slug>/queue/<name:entry_id>/", queue_entry.entry, name="queue-entry"),
    path("studies/<slug:slug>/queue/<name:entry_id>/pin/", queue_entry.pin_entry, name="queue-pin"),
    path("studies/<slug:slug>/queue/<name:entry_id>/restore/", queue_entry.restore_entry, name="queue-restore"),
    path("studies/<slug:slug>/queue/<name:entry_id>/dismiss/", queue_entry.dismiss_entry, name="queue-dismiss"),
    path("studies/<slug:slug>/queue/<name:entry_id>/review/", queue_entry.review_entry, name="queue-review"),
    path("studies/<slug:slug>/queue/<name:entry_id>/reopen/", queue_entry.reopen_entry, name="queue-reopen"),
    path("studies/<slug:slug>/queue/<name:entry_id>/assign/", queue_entry.assign_entry, name="queue-assign"),
    path("studies/<slug:slug>/discussions/", discussions.discussions, name="discussions"),
    path("studies/<slug:slug>/discussions/<name:case>/", discussions.discussion, name="discussion"),
    path(
        "studies/<slug:slug>/discussions/<name:case>/override/", discussions.override_topics, name="discussion-override"
    ),
    path(
        "studies/<slug:slug>/discussions/<name:case>/excuse/", discussions.excuse_participant, name="discussion-excuse"
    ),
    path("studies/<slug:slug>/discussions/<name:case>/deadline/", discussions.set_deadline, name="discussion-deadline"),
    path("studies/<slug:slug>/samples/", samples.samples, name="samples"),
    path("studies/<slug:slug>/samples/<name:sample_id>/", sample.sample, name="sample"),
    path("studies/<slug:slug>/samples/<name:sample_id>/review/", sample.request_review, name="sample-review"),
    path("studies/<slug:slug>/samples/<name:sample_id>/assign/", sample.assign_sample, name="sample-assign"),
    path("studies/<slug:slug>/samples/<name:sample_id>/reopen/", sample.reopen_sample, name="sample-reopen"),
    path("studies/<slug:slug>/samples/<name:sample_id>/withdraw/", sample.withdraw_sample, name="sample-withdraw"),
    path("studies/<slug:slug>/imports/", imports.imports, name="imports"),
    path("studies/<slug:slug>/releases/", releases.releases, name="releases"),
    path("studies/<slug:slug>/releases/pool/", releases.reserve_test_pool, name="release-pool"),
    path("studies/<slug:slug>/releases/<name:release_id>/", releases.release, name="release"),
    path("studies/<slug:slug>/releases/<name:release_id>/files/", releases.render_files, name="release-files"),
    path(
        "studies/<slug:slug>/releases/<name:release_id>/files/<name:rendition_id>/",
        releases.download_files,
        name="release-download",
    ),
    path("studies/<slug:slug>/judges/", judges.judges, name="judges"),
    path("studies/<slug:slug>/judges/predictions/", judges.import_predictions, name="judge-predictions"),
    path("studies/<slug:slug>/judges/<name:run_id>/", judges.judge, name="judge"),
    path("studies/<slug:slug>/judges/<name:run_id>/compare/", judges.compare_judges, name="judge-compare"),
    path("studies/<slug:slug>/judges/<name:run_id>/active/", judges.set_active, name="judge-active"),
    path("studies/<slug:slug>/judges/<name:run_id>/predict/", judges.start_predictions, name="judge-predict"),
    path("studies/<slug:slug>/judges/<name:run_id>/evaluate/", judges.start_evaluation, name="judge-evaluate"),
    path("studies/<slug:slug>/judges/<name:run_id>/download/", judges.download_judge, name="judge-download"),
    path("studies/<slug:slug>/jobs/", jobs.jobs, name="jobs"),
    path("studies/<slug:slug>/jobs/<name:job_id>/", jobs.job, name="job"),
    path("studies/<slug:slug>/jobs/<name:job_id>/log/", jobs.job_log, name="job-log"),
    path("studies/<slug:slug>/jobs/<name:job_id>/log.txt", jobs.job_log_text, name="job-log-text"),
    path("studies/<slug:slug>/jobs/<name:job_id>/refused.<str:form>", jobs.rejected_lines, name="job-refusals"),
    path("studies/<slug:slug>/jobs/<name:job_id>/run/", imports.run_import, name="job-run"),
    path("studies/<slug:slug>/jobs/<name:job_id>/cancel/", jobs.cancel_job, name="job-cancel"),
    path("studies/<slug:slug>/jobs/<name:job_id>/retry/", jobs.retry_job, name="job-retry"),
    path("studies/<slug:slug>/export/<str:form>/", exports.export, name="export"),
]
