"""Money for an order: asked of the payment provider once, and recorded (L3).

The provider is called outside of any transaction, with the order's id as its idempotency key. So
whoever tries again, after a time-out or after a crash, gets the same charge and no second one.

    attempt   committed before the provider is asked, while the order is pending
    payment   takes the attempt's place once the money was taken; a refusal only ends the attempt

An attempt that is left open means that money may have been taken and nobody here knows. Such an
order cannot be cancelled; having it paid again asks the provider under the same key, and so finds
out. Attempts have a table of their own: what stands in `payments` is money, to every version of
the service that reads it.
"""

from time import perf_counter

import structlog
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reference_app.config import Settings
from reference_app.data.database import Database
from reference_app.data.models import Order, Payment, PaymentAttempt
from reference_app.data.views import OrderView
from reference_app.errors import Conflict, RuleBroken, Unavailable
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
        answer, or none that makes sense; Conflict when the order has another status by now.
        """
        if self._outbound is None or not order.total_amount or not await self._begin(order):
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
            await self._end(order)
            log.info("payment_declined", order_id=str(order.id), amount=amount)
            raise RuleBroken("The payment was declined.")
        charge_id = answer.body.get("id")
        if not isinstance(charge_id, str) or answer.body.get("amount") != amount:
            log.error("payment_not_understood", order_id=str(order.id), status=answer.status)
            raise Unavailable(RETRY_AFTER_SECONDS)
        await self._end(order, charge_id)
        log.info(
            "payment_collected",
            order_id=str(order.id),
            charge_id=charge_id,
            amount=amount,
            duration_ms=round((perf_counter() - started) * 1000, 2),
        )

    async def require_none_open(self, session: AsyncSession, order: OrderView) -> None:
        """Raises Conflict when a pending order may have been charged without anybody knowing.

        To be called by the transaction that has changed the order: no attempt begins after that.
        """
        attempted = select(exists().where(PaymentAttempt.order_id == order.id))
        if order.status == "pending" and await session.scalar(attempted):
            raise Conflict("A payment of this order has begun, and how it ended is not known yet.")

    async def close(self) -> None:
        """Close the connections to the provider."""
        if self._outbound is not None:
            await self._outbound.close()

    async def _begin(self, order: OrderView) -> bool:
        """Open an attempt, or find the one that is open; False when the money is there already."""
        unchanged = select(Order.id).where(Order.id == order.id, Order.status == order.status)
        recorded = select(exists().where(Payment.order_id == order.id))
        attempt = insert(PaymentAttempt).values(order_id=order.id).on_conflict_do_nothing()
        async with self._database.transaction() as session:
            if await session.scalar(unchanged.with_for_update(read=True)) is None:
                raise Conflict("The order has changed in the meantime.")
            if await session.scalar(recorded):
                return False
            await session.execute(attempt)
        return True

    async def _end(self, order: OrderView, charge_id: str | None = None) -> None:
        """End the attempt; with the id of a charge, money was taken and goes on the books.

        It does so whatever has become of order and attempt: of two who asked at once, one may have
        been declined.
        """
        async with self._database.transaction() as session:
            if charge_id is not None:
                payment = {
                    "order_id": order.id,
                    "charge_id": charge_id,
                    "amount": order.total_amount,
                }
                await session.execute(insert(Payment).values(payment).on_conflict_do_nothing())
            await session.execute(delete(PaymentAttempt).where(PaymentAttempt.order_id == order.id))
