"""What everybody gets at every address: the one table of the access walk.

Six answers per method, in the order nobody, Olga (another study), Ann (annotator), Rae (researcher), Ada (admin), Sia
(site administrator). `login` is a redirect to signing in. A method that is not named here must be refused to all.
Where a request needs a body to come as far as the question of who asks, `BODIES` has one; a 400 then stands for
"may, but has sent nothing of use".
"""

EVERYBODY = "200 200 200 200 200 200"
SIGNED_IN = "401 200 200 200 200 200"
MEMBERS = "401 404 200 200 200 200"
LEADS = "401 404 403 403 200 200"
LEADS_UNSENT = "401 404 403 403 400 400"
RESULTS = "401 404 403 200 200 200"
RESULTS_UNSENT = "401 404 403 400 400 400"
RESULTS_UNKNOWN = "401 404 404 200 200 200"
RESULTS_UNKNOWN_UNSENT = "401 404 404 400 400 400"
RESULTS_UNKNOWN_QUEUED = "401 404 404 202 202 202"
IN_THE_CASE = "401 404 200 403 403 403"
IN_THE_CASE_LATER = "401 404 409 403 403 403"
ANN_ALONE = "401 404 200 404 404 404"

PAGE_SIGNED_IN = "login 200 200 200 200 200"
PAGE_UNSENT = "login 400 400 400 400 400"
PAGE_LEADS = "login 404 403 403 200 200"
PAGE_LEADS_UNSENT = "login 404 403 403 400 400"
PAGE_LEADS_DONE = "login 404 403 403 302 302"
# What others see of it is nothing, not even that it is there.
PAGE_OF_LEADERS = "login 404 404 404 200 200"
PAGE_RESULTS = "login 404 403 200 200 200"
PAGE_RESULTS_UNSENT = "login 404 403 400 400 400"
PAGE_RESULTS_DONE = "login 404 403 302 302 302"
PAGE_SCORING = "login 404 200 403 200 403"

TABLE: dict[str, dict[str, str]] = {
    # The API
    "api:me": {"GET": SIGNED_IN},
    "api:session": {"POST": "400 400 400 400 400 400", "DELETE": "401 204 204 204 204 204"},
    "api:tokens": {"GET": SIGNED_IN, "POST": "401 400 400 400 400 400"},
    "api:token": {"DELETE": "401 404 204 404 404 404"},
    "api:rubrics": {"GET": SIGNED_IN, "POST": "401 403 403 403 403 200"},
    "api:studies": {"GET": SIGNED_IN, "POST": "401 403 403 403 400 400"},
    "api:study": {"GET": MEMBERS, "PATCH": LEADS},
    "api:members": {"GET": RESULTS, "POST": LEADS_UNSENT},
    "api:member": {"PATCH": LEADS},
    "api:invitations": {"GET": LEADS, "POST": LEADS_UNSENT},
    "api:invitation": {"DELETE": "401 404 403 403 204 204"},
    "api:accept-invitation": {"POST": SIGNED_IN},
    "api:imports": {"POST": "401 404 403 403 415 415"},
    "api:jobs": {"GET": LEADS},
    "api:job": {"GET": "401 404 404 404 200 200"},
    "api:job-log": {"GET": "401 404 404 404 200 200"},
    "api:job-refusals": {"GET": "401 404 404 404 200 200"},
    "api:job-cancel": {"POST": "401 404 404 404 200 200"},
    "api:job-retry": {"POST": "401 404 404 404 200 200"},
    "api:samples": {"GET": RESULTS},
    "api:sample": {"GET": "401 404 404 200 200 200"},
    "api:sample-history": {"GET": "401 404 404 200 200 200"},
    "api:sample-review": {"POST": "401 404 404 403 200 200"},
    # It is agreed, and goes to nobody before it is sent back.
    "api:sample-assign": {"POST": "401 404 404 403 409 409"},
    "api:sample-reopen": {"POST": "401 404 404 403 200 200"},
    "api:sample-withdraw": {"POST": "401 404 404 403 200 200"},
    "api:assignments": {"GET": "401 404 200 403 200 403", "POST": "401 404 200 403 200 403"},
    "api:scores": {"GET": LEADS},
    "api:progress": {"GET": MEMBERS},
    "api:copy-study": {"POST": LEADS_UNSENT},
    "api:protocol": {"GET": MEMBERS, "PUT": LEADS},
    "api:protocol-forecast": {"GET": LEADS},
    "api:protocol-move": {"GET": LEADS, "POST": LEADS},
    "api:agreement": {"GET": RESULTS, "POST": "401 404 403 403 202 202"},
    "api:annotators": {"GET": RESULTS},
    "api:influence": {"GET": RESULTS},
    "api:discussions": {"GET": MEMBERS},
    "api:discussion": {"GET": MEMBERS},
    # Ann's own reason comes first.
    "api:discussion-reason": {"PUT": IN_THE_CASE},
    "api:discussion-posts": {"POST": IN_THE_CASE_LATER},
    "api:discussion-stances": {"PUT": IN_THE_CASE_LATER},
    "api:discussion-override": {"POST": LEADS},
    "api:discussion-excuse": {"POST": LEADS},
    "api:discussion-deadline": {"POST": LEADS},
    "api:releases": {"GET": RESULTS, "POST": LEADS_UNSENT},
    "api:release": {"GET": RESULTS_UNKNOWN},
    "api:renditions": {"POST": "401 404 404 403 400 400"},
    "api:release-archive": {"GET": RESULTS_UNKNOWN},
    "api:release-file": {"GET": RESULTS_UNKNOWN},
    "api:test-pool": {"GET": RESULTS, "POST": LEADS},
    "api:judge-runs": {"GET": RESULTS, "POST": RESULTS_UNSENT},
    "api:judge-run": {"GET": RESULTS_UNKNOWN},
    "api:judge-scorecard": {"GET": RESULTS_UNKNOWN},
    "api:judge-comparison": {"GET": RESULTS_UNKNOWN_UNSENT},
    "api:judge-pairs": {"GET": RESULTS_UNKNOWN},
    "api:judge-archive": {"GET": RESULTS_UNKNOWN},
    "api:judge-activate": {"POST": RESULTS_UNKNOWN},
    "api:judge-deactivate": {"POST": RESULTS_UNKNOWN},
    "api:judge-predict": {"POST": RESULTS_UNKNOWN_QUEUED},
    "api:judge-evaluate": {"POST": RESULTS_UNKNOWN_UNSENT},
    "api:queue": {"GET": RESULTS},
    "api:queue-refresh": {"POST": "401 404 403 403 202 202"},
    "api:queue-pin": {"POST": "401 404 404 403 200 200"},
    "api:queue-dismiss": {"POST": "401 404 404 403 200 200"},
    # It is being discussed, which comes first.
    "api:queue-review": {"POST": "401 404 404 403 409 409"},
    "api:predictions": {"POST": "401 404 403 415 415 415"},
    "api:assignment": {"GET": ANN_ALONE},
    "api:score": {"PUT": ANN_ALONE, "DELETE": "401 404 409 404 404 404"},
    "api:revision": {"PUT": "401 404 409 404 404 404"},
    "api:skip": {"POST": ANN_ALONE},
    "api:renew": {"POST": ANN_ALONE},
    "api:picture": {"GET": MEMBERS},
    "api:schema": {"GET": EVERYBODY},
    "api:docs": {"GET": EVERYBODY},
    "api:everything else": {"GET": "404 404 404 404 404 404"},
    # In and out
    "login": {"GET": "200 302 302 302 302 302", "POST": "400 302 302 302 302 302"},
    "logout": {"POST": "login login login login login login"},
    "set-password": {"GET": "302 302 302 302 302 302", "POST": "302 302 302 302 302 302"},
    "join": {"GET": "200 200 302 302 302 200", "POST": "400 302 302 302 302 302"},
    # The documentation
    "documents": {"GET": EVERYBODY},
    "document": {"GET": EVERYBODY},
    # One's own
    "home": {"GET": PAGE_SIGNED_IN},
    "account": {"GET": PAGE_SIGNED_IN, "POST": "login 302 302 302 302 302"},
    "password": {"POST": PAGE_UNSENT},
    "tokens": {"POST": PAGE_UNSENT},
    "token-revoke": {"POST": "login 404 302 404 404 404"},
    "sessions": {"POST": PAGE_UNSENT},
    "new-study": {"GET": "login 403 403 403 200 200", "POST": "login 403 403 403 400 400"},
    # A study
    "study": {"GET": "login 404 302 200 200 200"},
    "rubric": {"GET": "login 404 200 200 200 200"},
    "settings": {"GET": PAGE_LEADS, "POST": PAGE_LEADS_UNSENT},
    "study-start": {"POST": PAGE_LEADS_DONE},
    "protocol": {"POST": PAGE_LEADS_UNSENT},
    "protocol-consequences": {"GET": PAGE_LEADS},
    "protocol-move": {"POST": PAGE_LEADS_DONE},
    "copy-study": {"GET": PAGE_LEADS, "POST": PAGE_LEADS_UNSENT},
    "score": {"GET": PAGE_SCORING},
    "mine": {"GET": PAGE_SCORING},
    "mine-one": {"GET": "login 404 200 403 404 403"},
    "mine-undo": {"POST": "login 404 409 403 404 403"},
    "discuss": {"GET": PAGE_SCORING},
    "discuss-one": {"GET": "login 404 200 403 404 403"},
    "people": {"GET": PAGE_LEADS},
    "member": {"GET": PAGE_RESULTS, "POST": PAGE_LEADS_UNSENT},
    "member-invite": {"POST": "login 404 403 403 409 409"},
    "password-link": {"POST": "login 404 403 403 403 200"},
    "invite": {"POST": PAGE_LEADS_UNSENT},
    "invitation-revoke": {"POST": PAGE_LEADS_DONE},
    "samples": {"GET": PAGE_RESULTS},
    "sample": {"GET": PAGE_RESULTS},
    "sample-review": {"POST": PAGE_LEADS_UNSENT},
    "sample-assign": {"POST": PAGE_LEADS_UNSENT},
    "sample-reopen": {"POST": PAGE_LEADS_UNSENT},
    "sample-withdraw": {"POST": PAGE_LEADS_UNSENT},
    "discussions": {"GET": PAGE_RESULTS},
    "discussion": {"GET": PAGE_RESULTS},
    "discussion-override": {"POST": PAGE_LEADS_UNSENT},
    "discussion-excuse": {"POST": PAGE_LEADS_UNSENT},
    "discussion-deadline": {"POST": PAGE_LEADS_UNSENT},
    "queue": {"GET": PAGE_RESULTS},
    "queue-csv": {"GET": PAGE_RESULTS},
    "queue-age": {"GET": PAGE_RESULTS},
    "queue-refresh": {"POST": PAGE_LEADS_DONE},
    "queue-entry": {"GET": PAGE_LEADS},
    "queue-pin": {"POST": PAGE_LEADS_DONE},
    "queue-restore": {"POST": PAGE_LEADS_DONE},
    "queue-dismiss": {"POST": PAGE_LEADS_UNSENT},
    "queue-review": {"POST": PAGE_LEADS_UNSENT},
    "queue-reopen": {"POST": PAGE_LEADS_UNSENT},
    "queue-assign": {"POST": PAGE_LEADS_UNSENT},
    "agreement": {"GET": PAGE_RESULTS},
    "influence": {"GET": PAGE_RESULTS},
    "suggestions-csv": {"POST": PAGE_RESULTS},
    "agreement-refresh": {"POST": PAGE_LEADS_DONE},
    "figures-age": {"GET": PAGE_RESULTS},
    "figures-csv": {"GET": PAGE_RESULTS},
    "releases": {"GET": PAGE_RESULTS, "POST": PAGE_LEADS_UNSENT},
    "release-pool": {"POST": PAGE_LEADS_UNSENT},
    "release": {"GET": PAGE_RESULTS},
    "release-files": {"POST": PAGE_LEADS_UNSENT},
    "release-download": {"POST": PAGE_RESULTS},
    "judges": {"GET": PAGE_RESULTS, "POST": PAGE_RESULTS_UNSENT},
    "judge": {"GET": PAGE_RESULTS},
    "judge-predictions": {"POST": PAGE_RESULTS_UNSENT},
    # With nobody to compare it with.
    "judge-compare": {"GET": "login 404 403 404 404 404"},
    "judge-active": {"POST": PAGE_RESULTS_DONE},
    "judge-predict": {"POST": PAGE_RESULTS_DONE},
    "judge-evaluate": {"POST": "login 404 403 404 404 404"},
    "judge-download": {"POST": PAGE_RESULTS},
    "imports": {"GET": PAGE_LEADS, "POST": PAGE_LEADS_UNSENT},
    "job-run": {"POST": "login 404 403 404 404 404"},
    "jobs": {"GET": PAGE_RESULTS},
    "job": {"GET": PAGE_OF_LEADERS},
    "job-log": {"GET": PAGE_OF_LEADERS},
    "job-log-text": {"GET": PAGE_OF_LEADERS},
    "job-refusals": {"GET": PAGE_OF_LEADERS},
    "job-cancel": {"POST": "login 404 404 404 302 302"},
    "job-retry": {"POST": "login 404 404 404 302 302"},
    "export": {"POST": PAGE_LEADS},
}

BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("api:rubrics", "POST"): {
        "toml": 'key = "walk"\ntitle = "A rubric"\n'
        '[[dimensions]]\nkey = "A"\nname = "A"\nneeds = ["text"]\nlevels = [0, 1]\n'
    },
    ("api:score", "PUT"): {
        "client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a001",
        "ratings": {"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1},
        "notes": {},
        "seconds": 3,
    },
    ("api:revision", "PUT"): {
        "client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a006",
        "ratings": {"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1},
    },
    ("api:discussion-reason", "PUT"): {
        "client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a003",
        "reasons": {"ITS": "The picture shows it.", "IQ": {"code": "picture"}},
    },
    ("api:discussion-posts", "POST"): {
        "client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a004",
        "dimension": "ITS",
        "text": "Look at I1.",
    },
    ("api:discussion-stances", "PUT"): {"client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a005", "stances": {"ITS": 1}},
    ("api:discussion-override", "POST"): {"values": {"ITS": 4, "IQ": 2}, "reason": "They cannot agree."},
    ("api:queue-review", "POST"): {"reason": "It looks too good."},
    ("api:queue-dismiss", "POST"): {"reason": "A slip of the key."},
    ("api:discussion-excuse", "POST"): {"participant": "R1", "reason": "On leave."},
    ("api:discussion-deadline", "POST"): {"due_at": None, "reason": "It takes as long as it takes."},
    ("api:sample-review", "POST"): {"reason": "It looks too good."},
    ("api:sample-assign", "POST"): {"members": ["{member}"], "days": 3},
    ("api:sample-reopen", "POST"): {"reason": "The rubric was misread."},
    ("api:sample-withdraw", "POST"): {"reason": "Its picture is broken."},
    ("api:skip", "POST"): {"client_key": "3f2f1de6-94c5-4f0e-a2bb-a4c2a3f5a002", "reason": "language", "note": ""},
    ("api:accept-invitation", "POST"): {"secret": "{secret}"},
}
