"""Who is in the story: two thousand people, always the same ones, with dates that count back from today."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from faker import Faker

SEED = 41
AREA_CODES = ("212", "315", "516", "518", "585", "607", "631", "646", "716", "718", "845", "914", "917", "929", "934")
LOCALES = ("en_US", "en_US", "en_US", "es_ES", "pl_PL", "de_DE", "fr_FR")
TAGS = ("Sourdough", "Gluten free", "Wholesale", "Market stall", "Birthday cakes", "School run", "Coffee corner")

# How many stand on each rung today, and after how many days on the lower rungs they came there.
RUNGS = {"suspect": 1108, "prospect": 214, "client": 584, "advocate": 61}
PATHS = {
    "suspect": ("suspect",),
    "prospect": ("suspect", "prospect"),
    "client": ("suspect", "prospect", "client"),
    "advocate": ("suspect", "prospect", "client", "advocate"),
}

# Firms beside the ladder: kind, name, who it is there, days since something of value last reached them.
FIRMS = (
    ("vendor", "Harbor Mill", "Jonas Weir", 174),
    ("vendor", "Quiet Cow Dairy", "Petra Lang", 131),
    ("vendor", "Salt & Stone", "Ines Duarte", 218),
    ("vendor", "Bellweather Eggs", "Tom Abara", 195),
    ("vendor", "North Orchard", "Lena Frost", 290),
    ("vendor", "Paper Crane Packaging", "Yuki Arai", 203),
    ("vendor", "Marlow Gas", "Dev Patel", 240),
    ("vendor", "Cedar Linen", "Rosa Klein", 188),
    ("vendor", "Redbrick Repairs", "Oskar Lund", 96),
    ("partner", "Fold Coffee", "Mira Sole", 12),
    ("partner", "The Long Table", "Ben Okafor", 9),
    ("partner", "Marlow Bend Books", "Anya Petrov", 33),
    ("partner", "Hill Street School", "Grace Lin", 21),
    ("partner", "Ember Ceramics", "Theo Marsh", 47),
    ("partner", "Bend Yoga", "Carla Ruiz", 16),
)
STAFF = (
    ("Imani Brooks", "staff", 3),
    ("Sam Ortega", "staff", 6),
    ("Theo Lindqvist", "manager", 9),
    ("Ruth Adeyemi", "helper", 15),
)


@dataclass
class Person:
    """One person of the story. `arrived` holds when they came to each rung they have stood on."""

    given_name: str
    family_name: str
    email: str
    phone: str
    stage: str
    arrived: dict[str, datetime]
    tags: list[str] = field(default_factory=list)
    said_yes_at: datetime | None = None
    said_no_at: datetime | None = None

    @property
    def first_seen(self) -> datetime:
        """When the bakery first knew of them."""
        return min(self.arrived.values())

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.given_name} {self.family_name}"


def ladder_people(now: datetime) -> list[Person]:
    """Everybody on the ladder, oldest acquaintance first; the same people at every call."""
    random = Random(SEED)  # noqa: S311
    fakers = [Faker(locale) for locale in LOCALES]
    for faker in fakers:
        faker.seed_instance(SEED)
    phones = [f"+1{area}55501{last:02d}" for area in AREA_CODES for last in range(100)]
    random.shuffle(phones)
    people = []
    for stage, count in RUNGS.items():
        for _number in range(count):
            number = len(people)
            people.append(_person(random, random.choice(fakers), stage, number, phones, now))
    return sorted(people, key=lambda person: person.first_seen)


def _person(random: Random, faker: Faker, stage: str, number: int, phones: list[str], now: datetime) -> Person:
    given, family = faker.first_name(), faker.last_name()
    arrived = _arrivals(random, stage, now)
    person = Person(
        given_name=given,
        family_name=family,
        email="" if stage == "suspect" and random.random() < 0.35 else f"visitor{number:04d}@example.com",
        phone=phones[number] if number < len(phones) and random.random() < 0.55 else "",
        stage=stage,
        arrived=arrived,
        tags=random.sample(TAGS, k=random.choice((0, 0, 1, 1, 2))) if stage != "suspect" else [],
    )
    chance = {"suspect": 0.0, "prospect": 0.74, "client": 0.62, "advocate": 0.9}[stage]
    if person.email and random.random() < chance:
        person.said_yes_at = arrived["prospect"]
        if random.random() < 0.06:
            person.said_no_at = min(
                now - timedelta(days=2), person.said_yes_at + timedelta(days=random.randint(10, 200))
            )
            if person.said_no_at <= person.said_yes_at:
                person.said_no_at = None
    return person


def _arrivals(random: Random, stage: str, now: datetime) -> dict[str, datetime]:
    """Back from today: more people came lately than a year ago, and at hours when a bakery is open."""
    path = PATHS[stage]
    moment = now - timedelta(days=min(364.0, random.expovariate(1 / 110)) + 0.2)
    arrived = {}
    for rung in reversed(path):
        arrived[rung] = moment.replace(minute=random.randint(0, 59)) - timedelta(hours=random.randint(0, 9))
        moment = arrived[rung] - timedelta(days=random.randint(4, 60))
    return arrived
