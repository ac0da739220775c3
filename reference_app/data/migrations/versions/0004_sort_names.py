"""Users are filed under their family name: see `data/sort_names.py` (D5).

Revision: 0004, after: 0003
"""

from reference_app.data.sort_names import downgrade, upgrade

__all__ = ["downgrade", "upgrade"]

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
