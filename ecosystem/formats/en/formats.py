"""English where the day has 24 hours: `12:07`."""

TIME_FORMAT = "H:i"
