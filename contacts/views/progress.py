"""Long work that a page watches: what a second brings comes anew, and only now and then is any of it said aloud."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import reswap, retarget


def tenths(done: int, total: int) -> int:
    """How many tenths of the work are done."""
    return min(10, done * 10 // total) if total else 0


def is_to_be_said(request: HttpRequest, *, tenth: int, is_over: bool) -> bool:
    """Whether a page has something new to say: at the end, or a tenth that is not the one it said last."""
    return is_over or request.GET.get("said") != str(tenth)


def show_progress(
    request: Any, folder: str, context: Mapping[str, Any], *, done: int, total: int, is_over: bool
) -> HttpResponse:
    """The page of long work; its own script is given the count, and at the end all that is below the heading.

    So what has the focus stays while it goes on, and a reader of screens hears a tenth and the end, not every second.
    """
    tenth = tenths(done, total)
    shown = {**context, "tenth": tenth}
    if not request.htmx:
        return render(request, f"contacts/{folder}/detail.html", shown)
    shown["is_said"] = is_to_be_said(request, tenth=tenth, is_over=is_over)
    if not is_over:
        return render(request, f"contacts/{folder}/_count.html", shown)
    ended = render(request, f"contacts/{folder}/_ended.html", shown)
    return reswap(retarget(ended, "#progress"), "outerHTML")
