"""The GraphQL documents; a test validates each against GitHub's schema.

``fullDatabaseId``, because ids of review comments have outgrown the 32 bits of ``databaseId``.
"""

from __future__ import annotations

_COMMENTS = """
        pageInfo { hasNextPage endCursor }
        nodes { fullDatabaseId body url createdAt author { __typename login } }
"""

THREADS = f"""
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviewThreads(first: 50, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id isResolved isOutdated path line resolvedBy {{ login }}
          comments(first: 50) {{{_COMMENTS}}}
        }}
      }}
    }}
  }}
}}
"""

THREAD_COMMENTS = f"""
query ThreadComments($thread: ID!, $after: String) {{
  node(id: $thread) {{
    __typename
    ... on PullRequestReviewThread {{
      comments(first: 100, after: $after) {{{_COMMENTS}}}
    }}
  }}
}}
"""

RESOLVE = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""

UNRESOLVE = """
mutation Unresolve($thread: ID!) {
  unresolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""
