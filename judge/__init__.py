"""SynJudge and the files that it shares with the platform; knows nothing of Django."""
