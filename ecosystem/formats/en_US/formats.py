"""English where the day has twice twelve hours: `12:07 p.m.`, `noon`."""

TIME_FORMAT = "P"
