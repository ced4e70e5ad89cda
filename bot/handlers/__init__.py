"""One file per GitHub event, in `events`: which jobs does this delivery ask for?"""
