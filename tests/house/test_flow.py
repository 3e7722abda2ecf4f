"""What starts what is written down: every event has its row in docs/flow.md."""

from pathlib import Path

from django.conf import settings

from ecosystem.queries.flow import event_flows


def test_every_event_has_a_row_in_the_docs():
    page = (Path(settings.BASE_DIR) / "docs" / "flow.md").read_text()
    missing = [f"{flow.app}.{flow.name}" for flow in event_flows() if f"`{flow.app}.{flow.name}`" not in page]
    assert missing == [], "run: manage.py show_flow > docs/flow.md"


def test_every_event_says_what_it_means():
    assert [flow.name for flow in event_flows() if not flow.meaning.endswith((".", "!"))] == []
