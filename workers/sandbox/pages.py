"""The sandbox's pages: a customer pays or saves a card, and a business hands in its papers.

Whoever has the address of a page may use it, as with real providers. After the button, the browser
goes back to where the payment came from.
"""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from workers.edge.html import page
from workers.sandbox import accounts, methods, payments
from workers.sandbox.errors import Problem
from workers.sandbox.outcomes import METHODS, PLAIN
from workers.sandbox.settings import Settings
from workers.sandbox.store import Body, Books, Store
from workers.sandbox.threads import in_thread

CHALLENGE = "test_3ds"
KINDS = {"pay": "payment", "save": "setup", "onboard": "account"}


async def show(request: Request) -> Response:
    """Answer the page of a payment, a setup or an account."""
    try:
        subject = await in_thread(_find, request)
    except Problem as problem:
        return _gone(problem)
    status = subject.get("status", "requires_action")
    if status != "requires_action":
        return page("Sandbox", f"<p>This payment is {html.escape(status)}.</p>")
    match subject["object"]:
        case "payment":
            return page("Sandbox: pay", _about(subject) + _payment_buttons(subject))
        case "setup":
            choices = _select() + _button("save", "Save the card")
            return page("Sandbox: save a card", _form(choices))
        case _:
            text = f"<p>Account of {html.escape(subject['name'])}.</p>"
            choices = _button("complete", "Hand in everything") + _button("later", "Not yet")
            return page("Sandbox: account", text + _form(choices))


async def choose(request: Request) -> Response:
    """Do what the pressed button says, and lead back."""
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    try:
        url = await in_thread(_act, request, form)
    except Problem as problem:
        return _gone(problem)
    return RedirectResponse(url, status_code=303)


def _find(request: Request) -> Body:
    store: Store = request.state.sandbox.store
    kind = KINDS[request.url.path.rsplit("/", 2)[1]]
    with store.change() as books:
        return books.get(kind, request.path_params["id"])


def _act(request: Request, form: dict[str, str]) -> str:
    desk = request.state.sandbox
    kind = KINDS[request.url.path.rsplit("/", 2)[1]]
    with desk.store.change() as books:
        subject = books.get(kind, request.path_params["id"])
        if kind == "payment" and _is_challenged(books, subject, form):
            return str(subject["url"])
        {"payment": _pay, "setup": _save, "account": _onboard}[kind](
            books, desk.settings, subject, form
        )
        back = str(subject["return_url"])
    mark = "&" if "?" in back else "?"
    return f"{back}{mark}{urlencode({kind: subject['id']})}"


def _is_challenged(books: Books, payment: Body, form: dict[str, str]) -> bool:
    """Whether the chosen card asks for 3-D Secure, which the same page then shows."""
    is_chosen = (form.get("choice"), form.get("method")) == ("pay", CHALLENGE)
    if not is_chosen or payment.get("behaves") == CHALLENGE:
        return False
    payment["behaves"] = CHALLENGE
    books.save(payment)
    return True


def _pay(books: Books, settings: Settings, payment: Body, form: dict[str, str]) -> None:
    match form.get("choice"):
        case "cancel":
            payments.cancel(books, settings, payment)
        case "fail_challenge":
            payments.fail_challenge(books, settings, payment)
        case _:
            payments.pay(books, settings, payment, _chosen(form))


def _save(books: Books, settings: Settings, setup: Body, form: dict[str, str]) -> None:
    if setup["status"] == "requires_action":
        setup |= {"status": "succeeded", "behaves": _chosen(form)}
        setup["method"] = methods.save(books, settings, setup)["id"]
        books.save(setup)


def _onboard(books: Books, settings: Settings, account: Body, form: dict[str, str]) -> None:
    accounts.onboard(books, settings, account, is_complete=form.get("choice") == "complete")


def _chosen(form: dict[str, str]) -> str:
    method = form.get("method", PLAIN)
    return method if method in METHODS else PLAIN


def _about(payment: Body) -> str:
    amount = f"{payment['amount_minor']} {payment['currency']} (minor units)"
    return f"<p>{html.escape(payment['description'])}: {html.escape(amount)}</p>"


def _payment_buttons(payment: Body) -> str:
    if payment.get("behaves") == CHALLENGE:
        hidden = f'<input type="hidden" name="method" value="{CHALLENGE}">'
        text = "<p>3-D Secure: your bank asks whether it is you.</p>"
        yes, no = _button("pay", "It is me"), _button("fail_challenge", "It is not me")
        return text + _form(hidden + yes + no)
    return _form(_select() + _button("pay", "Pay") + _button("cancel", "Cancel"))


def _select() -> str:
    options = "".join(f"<option>{name}</option>" for name in METHODS)
    return f'<select name="method" aria-label="Card">{options}</select> '


def _button(choice: str, text: str) -> str:
    return f'<button name="choice" value="{choice}">{text}</button> '


def _form(content: str) -> str:
    return f'<form method="post">{content}</form>'


def _gone(problem: Problem) -> Response:
    answer = page("Sandbox", f"<p>{html.escape(str(problem))}</p>")
    answer.status_code = problem.status
    return answer


ROUTES = [
    route
    for place in KINDS
    for route in (
        Route(f"/{place}/{{id}}", show, methods=["GET"]),
        Route(f"/{place}/{{id}}", choose, methods=["POST"]),
    )
]
