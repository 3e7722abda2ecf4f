"""Which icon stands for which kind of people, everywhere."""

KIND_ICONS: dict[str, str] = {
    "suspect": "binoculars",
    "online_user": "mouse-pointer-2",
    "prospect": "footprints",
    "client": "shopping-bag",
    "advocate": "megaphone",
    "associate": "id-card",
    "vendor": "truck",
    "partner": "handshake",
}
