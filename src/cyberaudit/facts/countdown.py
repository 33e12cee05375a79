"""How near the end of something is, in a few steps, so that no weekly mail repeats it."""

# product.md §7: a countdown changes at these numbers of days, and on the day of the end
COUNTDOWN = (7, 14, 30)


def step_of(whole_days: int) -> int | None:
    """The smallest step that so many whole days are under; None when the end is not near."""
    return next((step for step in COUNTDOWN if whole_days < step), None)
