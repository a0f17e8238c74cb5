"""Users, tokens and grants in a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.administering import admit, change_role, choose_password, reset_password
from optimizer.actions.webhooks import add_webhook, webhooks_of
from optimizer.errors import ConflictError, InputError, UnknownRecordError
from optimizer.store.engine import Store
from tests.waybills.world import LATER

PASSWORD = "vast river 42"
RANDOM = bytes(range(32))


def someone(role: Role = Role.AUDITOR, login: str = "ann", party_id: str = "") -> User:
    """A user to add."""
    return User(actions.user_id_of(login), login, "安", "Ann", role, party_id)


def test_a_user_logs_in_with_the_right_password_only(store: Store) -> None:
    """Each try is written down, the failed ones too."""
    actions.add_user(store, someone(), PASSWORD, LATER)
    assert actions.log_in(store, "ann", PASSWORD, LATER, "::1") == someone()
    assert actions.log_in(store, "ann", "vast river 43", LATER, "::1") is None
    assert actions.log_in(store, "bob", PASSWORD, LATER, "::1") is None
    with store.read() as session:
        kinds = [(event.kind, event.actor) for event in session.security_events()]
    assert kinds == [("login_failed", "bob"), ("login_failed", "ann"), ("login", "ann"), ("user_added", "command line")]


def test_a_disabled_user_stays_out_with_password_and_token(store: Store) -> None:
    """At once, and comes back with the password as it was, without tokens of before."""
    actions.add_user(store, someone(), PASSWORD, LATER)
    token, _ = actions.make_token(store, "ann", "test", RANDOM, LATER)
    assert actions.user_of_token(store, token, LATER) == someone()
    actions.set_active(store, "ann", False, LATER)
    assert actions.log_in(store, "ann", PASSWORD, LATER, "") is None
    assert actions.user_of_token(store, token, LATER) is None
    actions.set_active(store, "ann", True, LATER)
    assert actions.log_in(store, "ann", PASSWORD, LATER, "") == someone()
    assert actions.user_of_token(store, token, LATER) is None, "kept out for good: whoever held it asks for another"


def test_a_token_made_for_a_disabled_user_opens_nothing(store: Store) -> None:
    """Not before the user is let in: one that is handed out ahead of that day is good from then on."""
    actions.add_user(store, someone(), PASSWORD, LATER)
    actions.set_active(store, "ann", False, LATER)
    token, _ = actions.make_token(store, "ann", "test", RANDOM, LATER)
    assert actions.user_of_token(store, token, LATER) is None
    actions.set_active(store, "ann", True, LATER)
    assert actions.user_of_token(store, token, LATER) == someone()


def test_a_user_without_a_password_never_logs_in_with_one(store: Store) -> None:
    """Demo users have no password, not an empty one."""
    actions.add_user(store, someone(), None, LATER)
    for password in ("", "None", PASSWORD):
        assert actions.log_in(store, "ann", password, LATER, "") is None


def test_a_taken_login_and_an_unknown_party_are_refused(settled: Store) -> None:
    """Nothing is written then."""
    actions.add_user(settled, someone(), PASSWORD, LATER)
    with pytest.raises(ConflictError):
        actions.add_user(settled, someone(), PASSWORD, LATER)
    with pytest.raises(UnknownRecordError):
        actions.add_user(settled, someone(Role.ENTERPRISE, "eve", "E999"), PASSWORD, LATER)
    with settled.read() as session:
        assert [user.login for user in session.users()] == ["ann"]


def test_tokens_expire_and_are_revoked(store: Store) -> None:
    """The text is nowhere in the database."""
    actions.add_user(store, someone(), PASSWORD, LATER)
    end = LATER + timedelta(days=1)
    token, kept = actions.make_token(store, "ann", "test", RANDOM, LATER, end)
    assert actions.user_of_token(store, token, LATER) == someone()
    assert actions.user_of_token(store, token, end) is None
    assert actions.user_of_token(store, token + "x", LATER) is None
    actions.revoke_token(store, kept.token_id, LATER)
    assert actions.user_of_token(store, token, LATER) is None
    with pytest.raises(UnknownRecordError):
        actions.revoke_token(store, "nothing", LATER)
    with pytest.raises(InputError):
        actions.make_token(store, "ann", "test", RANDOM, LATER, LATER)
    with store.read() as session:
        assert token not in repr(session.tokens())


ADMIN = someone(Role.ADMINISTRATOR, "root")
CHANGES: dict[str, Callable[[Store], object]] = {
    "password_set": lambda store: actions.set_password(store, "ann", "another river 43", LATER),
    "password_reset": lambda store: reset_password(store, "ann", "r" * 43, LATER, ADMIN, ""),
    "password_chosen": lambda store: choose_password(store, someone(), hash_of(store), "another river", LATER, ""),
    "role_changed": lambda store: change_role(store, "ann", Role.BANK, "", LATER, ADMIN, ""),
    "user_deactivated": lambda store: admit(store, "ann", False, LATER, ADMIN, ""),
    "token_revoked": lambda store: actions.revoke_tokens(store, "ann", LATER),
}


def hash_of(store: Store) -> str | None:
    """What is stored of Ann's password."""
    with store.read() as session:
        return session.password_hash(someone().user_id)


@pytest.mark.parametrize("kind", CHANGES)
def test_tokens_end_with_the_password_the_role_and_the_admission(store: Store, kind: str) -> None:
    """Whoever stole one is out when the user is given another password; other users' tokens stay, and what is handed
    out afterwards is valid. Each revoked token is written down under the user's login."""
    for user in (someone(), someone(login="bob"), ADMIN):
        actions.add_user(store, user, PASSWORD, LATER)
    old = [actions.make_token(store, "ann", "", bytes([number] * 32), LATER)[0] for number in (1, 2)]
    bobs, _ = actions.make_token(store, "bob", "", bytes([3] * 32), LATER)
    for user in (someone(), someone(login="bob")):
        add_webhook(store, user, "https://example.org/told", ("waybill.event",), bytes(32), LATER)
    CHANGES[kind](store)
    assert [actions.user_of_token(store, token, LATER) for token in old] == [None, None]
    assert actions.user_of_token(store, bobs, LATER) == someone(login="bob")
    with store.read() as session:
        events = [(event.kind, event.login) for event in session.security_events()]
        assert all(token.revoked_at == LATER for token in session.tokens(someone().user_id))
    assert events.count(("token_revoked", "ann")) == 2
    # `token revoke --all-of` is about tokens alone.
    ended = kind != "token_revoked"
    assert (len(webhooks_of(store, someone())), events.count(("webhook_ended", "ann"))) == ((0, 1) if ended else (1, 0))
    assert len(webhooks_of(store, someone(login="bob"))) == 1
    assert (kind, "ann") in events
    admit(store, "ann", True, LATER, ADMIN, "")
    fresh, _ = actions.make_token(store, "ann", "", bytes([4] * 32), LATER)
    assert actions.user_of_token(store, fresh, LATER) is not None
    assert [actions.user_of_token(store, token, LATER) for token in old] == [None, None]


def test_of_two_who_hold_one_link_the_second_is_too_late(store: Store) -> None:
    """Both opened its form before either sent it: the password that was chosen first stays."""
    actions.add_user(store, someone(), PASSWORD, LATER)
    before = hash_of(store)
    choose_password(store, someone(), before, "another river", LATER, "")
    with pytest.raises(ConflictError):
        choose_password(store, someone(), before, "a third river", LATER, "")
    assert actions.log_in(store, "ann", "another river", LATER, "") == someone()
    assert actions.log_in(store, "ann", "a third river", LATER, "") is None


def test_nobody_gets_the_role_of_a_party_that_is_not_there(settled: Store) -> None:
    """Refused as for a new user; role, party and tokens stay as they were."""
    actions.add_user(settled, someone(Role.ENTERPRISE, "ann", "E1"), PASSWORD, LATER)
    token, _ = actions.make_token(settled, "ann", "test", RANDOM, LATER)
    with pytest.raises(UnknownRecordError):
        change_role(settled, "ann", Role.ENTERPRISE, "E999", LATER, ADMIN, "")
    for role, party_id in ((Role.ENTERPRISE, ""), (Role.AUDITOR, "E2")):
        with pytest.raises(InputError):
            change_role(settled, "ann", role, party_id, LATER, ADMIN, "")
    user = actions.user_of_token(settled, token, LATER)
    assert user is not None
    assert (user.role, user.party_id) == (Role.ENTERPRISE, "E1")


def test_an_enterprise_opens_its_own_account_to_a_bank_and_closes_it_again(settled: Store) -> None:
    """The newest word counts; only a bank reader can be let in, and only by the enterprise itself."""
    owner, bank = someone(Role.ENTERPRISE, "owner", "E1"), someone(Role.BANK, "bank")
    for user in (owner, bank):
        actions.add_user(settled, user, PASSWORD, LATER)

    def opened() -> frozenset[str]:
        with settled.read() as session:
            return session.opened_to(bank.user_id)

    assert opened() == frozenset()
    actions.grant_account(settled, owner, "bank", True, LATER)
    assert opened() == {"E1"}
    actions.grant_account(settled, owner, "bank", False, LATER)
    assert opened() == frozenset()
    with pytest.raises(UnknownRecordError):
        actions.grant_account(settled, owner, "owner", True, LATER)
    with pytest.raises(InputError):
        actions.grant_account(settled, bank, "bank", True, LATER)
    with pytest.raises(InputError):
        actions.grant_account(settled, replace(owner, active=False), "bank", True, LATER)


def test_a_database_of_a_newer_version_is_refused_with_advice(path: Path, store: Store) -> None:
    """No traceback, no downgrade."""
    store.close()
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer version"):
        actions.open_store(f"sqlite:///{path}")


def test_a_text_that_a_database_cannot_hold_is_bad_input(store: Store) -> None:
    """PostgreSQL has no NUL in a text: an answer or a sentence, and no internal error that any stranger could cause."""
    asked: tuple[Callable[[], object], ...] = (
        lambda: actions.log_in(store, "a\x00b", "x", LATER, ""),
        lambda: actions.user_of_token(store, "a\x00b", LATER),
    )
    for ask in asked:
        found, refusal = None, "NUL"
        try:
            found = ask()
        except InputError as error:
            refusal = error.message.en
        assert (found, "NUL" in refusal) == (None, True)
