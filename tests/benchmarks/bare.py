"""The least that answers the same: FastAPI, the same statements, the same pool, no safeguard.

DATABASE_URL=... REDIS_URL=... SECRET_KEY=... python -m tests.benchmarks.bare PORT
"""

import sys
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request

from reference_app.api.collections import listing
from reference_app.api.envelope import Listing, Success
from reference_app.api.orders import ORDERS
from reference_app.config import load_settings
from reference_app.data.database import Database
from reference_app.data.orders import OrderRepository
from reference_app.data.users import UserRepository
from reference_app.data.views import OrderView, UserView

app = FastAPI(openapi_url=None)
database = Database(load_settings())


@app.get("/api/v1/users/{user_id}")
async def get_user(user_id: UUID) -> Success[UserView]:
    async with database.reading() as session:
        user = await UserRepository(session).get(user_id)
    assert user is not None
    return Success(data=user)


@app.get("/api/v1/users/{user_id}/orders")
async def list_orders(user_id: UUID, request: Request) -> Listing[OrderView]:
    query = ORDERS.parse(request.query_params)
    async with database.reading() as session:
        page = await OrderRepository(session).page(user_id, query)
    return listing(page, query)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
