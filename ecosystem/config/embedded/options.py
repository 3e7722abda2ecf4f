"""What a person may choose when starting everything on one machine."""

from ecosystem.config import env

PORT = env.text(
    "PORT", shown="8000, or the next free one", help="`bin/up`: the port of the web server on this machine."
)
SEED = env.text("SEED", "demo", help="`bin/up`: `none` starts without the demo business.")
WEB_WORKERS = env.number("WEB_WORKERS", 1, help="`bin/up`: how many web processes; each has four threads.")
