"""Light Markdown to HTML for pages: paragraphs, headings, lists, quotes, emphasis and links; all else is text."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "strong", "em", "a"}
_SCHEMES = {"https", "http", "mailto", "tel"}
_PARSER = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(
    ["image", "code", "fence", "backticks", "html_block", "html_inline"]
)


def page_html(markdown: str) -> SafeString:
    """The text as HTML that is safe on a page of ours: no script, no picture, no style, no foreign scheme.

    Headings begin at the second level: the first one is the page's own.
    """
    drawn = _PARSER.render(markdown.replace("\x00", ""))
    for level in (3, 2, 1):
        drawn = drawn.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    kept = nh3.clean(
        drawn, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel="nofollow noopener noreferrer"
    )
    return mark_safe(kept)  # noqa: S308 - cleaned on the line before
