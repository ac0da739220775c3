"""Text as the API takes and gives it: nothing in it that a person cannot see (H2).

The patterns are in the dialect that Python, ECMAScript and JSON Schema have in common, so that the
OpenAPI document can quote the very check that the service makes.
"""

import re
from typing import Any

CONTROLS = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""C0, DEL and C1, and the code points that turn the direction of what follows them."""

MAX_SAID = 200

PRINTABLE = re.compile(rf"[^{CONTROLS}]*")
VISIBLE = re.compile(rf"[^{CONTROLS}]*[^{CONTROLS}\s][^{CONTROLS}]*")


def harmless(text: str) -> str:
    """What may have come from a caller, fit to be said back: no controls, and not too long."""
    return re.sub(f"[{CONTROLS}]", "", text)[:MAX_SAID]


def shown(pattern: re.Pattern[str], **more: Any) -> dict[str, Any]:
    """JSON Schema for a string that `pattern` matches as a whole."""
    return {"pattern": f"^{pattern.pattern}$", **more}
