"""When a phone may ring for news that can wait."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The local hours of silence, from `begin` up to, not including, `end`; they may span midnight."""

    begin: time
    end: time
    zone: ZoneInfo

    def holds(self, moment: datetime) -> bool:
        """Whether it is quiet at this moment."""
        wall = moment.astimezone(self.zone).time().replace(tzinfo=None)
        if self.begin <= self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end

    def next_allowed(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it lies in; in UTC.

        On a night when clocks are turned it may come up to an hour later than that, never in the quiet.
        """
        if not self.holds(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        day = local.date()
        if local.time().replace(tzinfo=None) >= self.end:
            day += timedelta(days=1)
        ends = datetime.combine(day, self.end, tzinfo=self.zone).astimezone(UTC)
        # In autumn the wall clock shows the end twice: past the first time it may be quiet once more.
        while self.holds(ends) or ends < moment:
            ends += timedelta(minutes=15)
        return ends
