"""The nouns that rooms share: frozen, keyword-only, without behaviour that does I/O."""

from bot.models.agents import (
    AgentRun,
    AgentSpec,
    AgentStatus,
    AssistantText,
    Event,
    Failure,
    FailureKind,
    Finished,
    LoggedEvent,
    Role,
    RunConfig,
    RunError,
    RunSummary,
    Started,
    Tokens,
    ToolCall,
    Workspace,
)
from bot.models.costs import ModelCall, ModelUsage, Purse, Ticket
from bot.models.diff import Diff, FileDiff, FileStatus, Hunk, Side
from bot.models.github import (
    CHECK_NAME,
    Annotation,
    CheckRun,
    CheckStatus,
    Comment,
    Conclusion,
    DraftComment,
    Permission,
    PostedCheck,
    PostedReview,
    PullRequest,
    Repo,
    Thread,
)
from bot.models.issues import (
    Anchor,
    FailOn,
    Finding,
    Issue,
    IssueState,
    KnownIssue,
    Placement,
    Severity,
)
from bot.models.jobs import (
    Asker,
    CloseRequest,
    Delivery,
    FieldMissing,
    FieldValue,
    ForgetRequest,
    Job,
    MergeGroupRequest,
    ReplyRequest,
    RerunRequest,
    ReviewRequest,
    RunRecord,
    RunState,
    StoredDelivery,
    Trigger,
)
from bot.models.repo_config import PathInstruction, RepoConfig
from bot.models.review import (
    AgentReport,
    Audience,
    Change,
    Decision,
    HeldBack,
    Rejection,
    ReportState,
    ReviewPlan,
    ReviewResult,
    Skipped,
)

__all__ = [
    "CHECK_NAME", "AgentReport", "AgentRun", "AgentSpec", "AgentStatus", "Anchor", "Annotation",
    "Asker", "AssistantText", "Audience", "Change", "CheckRun", "CheckStatus", "CloseRequest",
    "Comment", "Conclusion", "Decision", "Delivery", "Diff", "DraftComment", "Event", "FailOn",
    "Failure", "FailureKind", "FieldMissing", "FieldValue", "FileDiff", "FileStatus", "Finding",
    "Finished", "ForgetRequest", "HeldBack", "Hunk", "Issue", "IssueState", "Job", "KnownIssue",
    "LoggedEvent", "MergeGroupRequest", "ModelCall", "ModelUsage", "PathInstruction", "Permission",
    "Placement", "PostedCheck", "PostedReview", "PullRequest", "Purse", "Rejection",
    "ReplyRequest", "Repo", "RepoConfig", "ReportState", "RerunRequest", "ReviewPlan",
    "ReviewRequest", "ReviewResult", "Role", "RunConfig", "RunError", "RunRecord", "RunState",
    "RunSummary", "Severity", "Side", "Skipped", "Started", "StoredDelivery", "Thread", "Ticket",
    "Tokens", "ToolCall", "Trigger", "Workspace",
]  # fmt: skip
