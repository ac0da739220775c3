"""HTML in which every text is escaped."""

from __future__ import annotations

from html import escape


class Html(str):
    """Markup that is ready to be shown. Anything that is not `Html` is text and gets escaped."""

    __slots__ = ()


def element(name: str, *content: str, style: str = "", href: str = "") -> Html:
    """One element with its content."""
    attributes = [("style", style), ("href", href)]
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes if value)
    return Html(f"<{name}{written}>{joined(*content)}</{name}>")


def joined(*content: str) -> Html:
    """Pieces one after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in content))
