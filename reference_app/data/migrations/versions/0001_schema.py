"""Users, orders and order items: see `data/schema.py` (D1–D4).

Revision: 0001, after: nothing
"""

from reference_app.data.schema import downgrade, upgrade

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
