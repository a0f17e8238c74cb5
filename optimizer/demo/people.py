"""The demo world's users as users of the web side: no password, let in by one click where the demonstration is open."""

from __future__ import annotations

from optimizer.access.user import Role, User
from optimizer.actions import user_id_of
from optimizer.demo.seed_files import read_users


def demo_people() -> list[User]:
    """Everybody of ``users.csv``. Raises InputError with every fault."""
    return [
        User(
            user_id_of(user.login),
            user.login,
            user.display_name_zh,
            user.display_name_en,
            Role(user.role),
            user.enterprise_id,
        )
        for user in read_users()
    ]
