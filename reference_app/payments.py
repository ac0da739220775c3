"""Money for an order: asked of the payment provider once, and recorded (L3).

The provider is called outside of any transaction, with the order's id as its idempotency key. So
whoever tries again, after a time-out or after a crash, gets the same charge and no second one.
What happened there is recorded at once, in a transaction of its own: money that was taken stays on
the books, even when the order can no longer become paid.
"""

from time import perf_counter

import structlog
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import Payment
from reference_app.data.views import OrderView
from reference_app.errors import RuleBroken, Unavailable
from reference_app.reliability.outbound import Outbound

log = structlog.get_logger()

RETRY_AFTER_SECONDS = 5


class Payments:
    """Takes payments where a provider is configured; without one, staff record them by hand."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._charges = f"{str(settings.payment_url).rstrip('/')}/charges"
        self._outbound = Outbound(settings) if settings.payment_url else None

    async def collect(self, order: OrderView) -> None:
        """See to it that the order's total has been charged.

        Raises RuleBroken when the payment is declined, Unavailable when the provider gives no
        answer, or none that makes sense.
        """
        if self._outbound is None or not order.total_amount or await self._is_recorded(order):
            return
        started = perf_counter()
        amount = str(order.total_amount)
        answer = await self._outbound.send(
            "POST",
            self._charges,
            body={"reference": str(order.id), "amount": amount},
            idempotency_key=str(order.id),
        )
        if answer.status == 402:
            log.info("payment_declined", order_id=str(order.id), amount=amount)
            raise RuleBroken("The payment was declined.")
        charge_id = answer.body.get("id")
        if not isinstance(charge_id, str) or answer.body.get("amount") != amount:
            log.error("payment_not_understood", order_id=str(order.id), status=answer.status)
            raise Unavailable(RETRY_AFTER_SECONDS)
        await self._record(order, charge_id)
        log.info(
            "payment_collected",
            order_id=str(order.id),
            charge_id=charge_id,
            amount=amount,
            duration_ms=round((perf_counter() - started) * 1000, 2),
        )

    async def close(self) -> None:
        """Close the connections to the provider."""
        if self._outbound is not None:
            await self._outbound.close()

    async def _is_recorded(self, order: OrderView) -> bool:
        async with self._database.reading() as session:
            recorded = select(exists().where(Payment.order_id == order.id))
            return bool(await session.scalar(recorded))

    async def _record(self, order: OrderView, charge_id: str) -> None:
        payment = {"order_id": order.id, "charge_id": charge_id, "amount": order.total_amount}
        async with self._database.transaction() as session:
            await session.execute(insert(Payment).values(payment).on_conflict_do_nothing())
