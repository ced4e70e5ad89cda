"""GitHub's API as records: no payload dictionary, token or foreign URL leaves this room.

``app_auth.GitHubApp`` hands out a ``repository.RepoClient`` per repository; below them are the
client over gidgethub (``client``), the pure judgement of answers (``retries``), the one place that
knows which URLs are GitHub's (``address``) and the readers of payloads (``payload``, ``records``).
"""
