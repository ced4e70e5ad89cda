"""What the comments of one publication have in common."""

from __future__ import annotations

from bot.models import ReportState
from bot.publish.publisher import Publication
from bot.publish.render.issue import Voice


def voice(publication: Publication) -> Voice:
    """The run, how many agents finished, and what may and must not be said."""
    finished = [r for r in publication.result.reports if r.state is ReportState.FINISHED]
    return Voice(
        run_id=publication.plan.run_id,
        agents=len(finished),
        commands=publication.commands,
        secrets=publication.secrets,
    )
