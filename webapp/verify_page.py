"""核对证明: checks a proof in the visitor's own browser. Nothing is sent: the files never leave the machine."""

from __future__ import annotations

from flask import Blueprint, render_template

from optimizer.accounts.proof import VERDICTS
from webapp.language import current_lang
from webapp.security import allow_scripts

verify_page = Blueprint("verify_page", __name__)


@verify_page.get("/verify")
def show_verify() -> str:
    """The form, and every verdict in words for the script to choose from."""
    allow_scripts()
    lang = current_lang()
    return render_template("verify.html", verdicts={name: words.text(lang) for name, words in VERDICTS.items()})
