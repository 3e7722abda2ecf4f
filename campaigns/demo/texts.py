"""The letters and the text of the story, as a baker would write them."""

from dataclasses import dataclass

DAY = 86_400


@dataclass(frozen=True)
class DemoLetter:
    """One letter: what it says, how long after the one before it goes, and how many in a hundred open its link."""

    name: str
    subject: str
    preheader: str
    body: str
    button_label: str = ""
    button_url: str = ""
    wait_seconds: int = 0
    click_chance: float = 0.0

    @property
    def text(self) -> str:
        """The body with a paragraph on each line: a mail breaks its own lines."""
        return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in self.body.strip().split("\n\n"))


LETTERS = (
    DemoLetter(
        name="Here is your starter guide",
        subject="Here is your starter guide",
        preheader="Flour, water, and a jar you like looking at",
        body="""\
Hello {{ contact.first_name | default: "baker" }},

you asked how to keep a starter alive, so here is the short version: **feed it, keep it warm, and do not
fuss**. The longer version fits on one page and you can pin it to the fridge.

If yours looks sad today, that is fine. It nearly always comes back.
""",
        button_label="Open the guide",
        button_url="https://example.com/starter-guide",
        click_chance=0.51,
    ),
    DemoLetter(
        name="Day three: it smells odd, that is good",
        subject="It smells odd. That is good.",
        preheader="Sour, cheesy, a bit like paint: all fine",
        body="""\
Hello {{ contact.first_name | default: "baker" }},

by now your jar may smell of yoghurt, or of paint. Both are right. What you smell is the wild yeast and the
good bacteria finding their places.

Give it a spoon of flour, a spoon of water, and leave the window shut tonight.
""",
        button_label="What each smell means",
        button_url="https://example.com/smells",
        wait_seconds=2 * DAY,
        click_chance=0.44,
    ),
    DemoLetter(
        name="Stuck? Send us a photo",
        subject="Stuck? Send us a photo",
        preheader="Imani looks at every one of them",
        body="""\
Hello {{ contact.first_name | default: "baker" }},

no bubbles? Grey water on top? Answer this letter with a photo and Imani will tell you what to do. She has
revived worse.
""",
        wait_seconds=3 * DAY,
    ),
    DemoLetter(
        name="The lazy loaf",
        subject="The lazy loaf",
        preheader="Four ingredients, no kneading",
        body="""\
Hello {{ contact.first_name | default: "baker" }},

this is the bread we bake at home on Sundays: mix it at night, sleep, fold twice, bake. It forgives almost
everything.
""",
        button_label="Read the recipe",
        button_url="https://example.com/lazy-loaf",
        wait_seconds=5 * DAY,
        click_chance=0.38,
    ),
    DemoLetter(
        name="Invite to the bakers' table",
        subject="A seat at the bakers' table",
        preheader="First Saturday of the month, eleven chairs",
        body="""\
Hello {{ contact.first_name | default: "baker" }},

on the first Saturday of each month eleven people sit at the long table behind the oven and compare their
loaves. Bring yours, also the flat ones.
""",
        button_label="Save me a chair",
        button_url="https://example.com/bakers-table",
        wait_seconds=7 * DAY,
        click_chance=0.29,
    ),
)

PICKUP_LETTER = DemoLetter(
    name="We have your order",
    subject="We have your order",
    preheader="Baked tomorrow at four, ready at seven",
    body="""\
Hello {{ contact.first_name | default: "neighbour" }},

thank you, your order is written down. We bake it tomorrow at four, and it is ready for you from seven.

You get one text when it stands on the shelf. Nothing else comes by this way.
""",
)
PICKUP_TEXT = (
    'Good morning {{ contact.first_name | default: "neighbour" }}, your bread is on the shelf. Open until six.'
)
