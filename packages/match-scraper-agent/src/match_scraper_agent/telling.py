"""Keep what a run has to say: progress, warnings, what is new, what could not be delivered, seconds a step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic


@dataclass
class RunLog:
    """What a run says, to whoever watches it (`say`) and in its report. `notes` are new and no reason to worry."""

    say: Callable[[str], None] = lambda _: None
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)

    def warn(self, *texts: str) -> None:
        """Add warnings to the report."""
        self.warnings += texts

    def hold(self, why: str) -> None:
        """Add once why something could not be delivered."""
        if why not in self.undelivered:
            self.undelivered.append(why)

    def spend(self, step: str, since: float) -> None:
        """Add to a step the seconds since a moment of the monotonic clock."""
        self.steps[step] = self.steps.get(step, 0.0) + monotonic() - since

    def warns_of(self, text: str) -> bool:
        """Return True where a warning holds this text."""
        return any(text in warning for warning in self.warnings)


def once_each(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts in their order, each once."""
    return tuple(dict.fromkeys(texts))
