"""Who asks, and what he may do."""

from __future__ import annotations

from dataclasses import dataclass

JUDGE, SEE_ALL, ADMINISTER = "judge", "see-all", "administer"
"""What one may do: have one's own claims and charts judged; see (never change) those of others; users and
the audit log."""
ROLES: dict[str, frozenset[str]] = {
    "biller": frozenset({JUDGE}),
    "reviewer": frozenset({JUDGE, SEE_ALL}),
    "administrator": frozenset({JUDGE, ADMINISTER}),
    "local": frozenset({JUDGE, SEE_ALL, ADMINISTER}),
}
"""What each role may do. ``local`` is whoever sits at the machine of a server without users."""


@dataclass(frozen=True)
class Visitor:
    """One who asks. ``session`` is what his browser's cookie holds; null for who comes with an API token."""

    id: str
    name: str
    role: str
    session: str | None

    def may(self, what: str) -> bool:
        """Whether the visitor's role lets him do something."""
        return what in ROLES[self.role]


LOCAL = "local"
"""Id of the visitor of a server without users."""
