"""`/reports/orders`: the one answer that is a file, and so has no envelope (S2)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse
from starlette.types import Send

from reference_app.api.documentation import Responses, headers, refusals
from reference_app.api.schemas import Moment, OrderStatus
from reference_app.errors import InvalidInput, NotAllowed, NotAuthenticated
from reference_app.reports import IDLE_SECONDS, WHOLE_SECONDS, OrderFilter, TooManyExports
from reference_app.security.access import Caller
from reference_app.services import Provided

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

EXAMPLE = """\
id,created_at,status,total_amount,customer_id,customer_name
0195c2f0-6b1e-4c7a-9d52-3f1c9d0e0c5e,2026-01-31T12:00:00Z,paid,37.50,\
7d444840-9dc0-41d1-b245-5ffdce74fad2,Ada Lovelace
"""

FILE: Responses = {
    200: {
        "description": "The orders, a line each, in the order of their ids.",
        "headers": headers("Content-Disposition", "Cache-Control"),
        "content": {"text/csv": {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}


class OrdersWanted(BaseModel):
    """Which orders go into the file."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[OrderStatus | None, Field(description="Only those with this status.")] = None
    created_from: Annotated[
        Moment | None, Field(description="Only those made at this moment or later.")
    ] = None
    created_before: Annotated[
        Moment | None, Field(description="Only those made before this moment.")
    ] = None


class Download(StreamingResponse):
    """A file that is sent while it is made, to be kept by nobody in between.

    What goes wrong before the first piece is answered as any error is. Later there is no status
    left to send: the connection is cut, and the client sees that the file is not whole. So it is
    when the client takes nothing for too long, or takes too long for the whole: while a piece waits
    to be sent, nobody else looks at the time.
    """

    media_type = "text/csv"

    def __init__(self, pieces: AsyncGenerator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(pieces, headers=headers)
        self._pieces = pieces

    async def stream_response(self, send: Send) -> None:
        async with asyncio.timeout(WHOLE_SECONDS), aclosing(self._pieces) as pieces:
            piece: bytes | None = await anext(pieces)
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            while piece is not None:
                async with asyncio.timeout(IDLE_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await anext(pieces, None)
        await send({"type": "http.response.body", "body": b""})


@router.get(
    "/orders",
    response_class=Response,
    responses=FILE | refusals(InvalidInput, NotAuthenticated, NotAllowed, TooManyExports),
)
async def export_orders(
    wanted: Annotated[OrdersWanted, Query()], services: Provided, caller: Caller
) -> Response:
    """All orders, or those that were asked for, as a file for a spreadsheet."""
    caller.require("export_orders", caller.id)
    log.info("export_started", **wanted.model_dump(mode="json", exclude_none=True))
    return Download(
        services.exports.orders(OrderFilter(**wanted.model_dump())),
        headers={
            "Content-Disposition": 'attachment; filename="orders.csv"',
            "Cache-Control": "no-store",
        },
    )
