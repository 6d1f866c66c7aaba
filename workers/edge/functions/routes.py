"""The routes of the functions."""

from starlette.routing import Route

from workers.edge.functions import calendar, order, payments, payouts, review, search, unsubscribe
from workers.edge.functions.webhooks import endpoint

ROUTES = [
    Route(payments.PATH, payments.start, methods=["POST"]),
    Route(payments.METHODS_PATH, payments.save_method, methods=["POST"]),
    Route(payments.FINISH_METHOD_PATH, payments.finish_method, methods=["POST"]),
    Route(payouts.PATH, payouts.open_account, methods=["POST"]),
    Route(f"{endpoint.PATH}/{{provider}}", endpoint.receive, methods=["POST"]),
    Route(unsubscribe.PATH, unsubscribe.ask, methods=["GET"]),
    Route(unsubscribe.PATH, unsubscribe.unsubscribe, methods=["POST"]),
    Route(review.PATH, review.ask, methods=["GET"]),
    Route(review.PATH, review.write, methods=["POST"]),
    Route(search.PATH, search.search, methods=["POST"]),
    Route(order.PATH, order.show, methods=["GET"]),
    Route(calendar.PATH, calendar.show, methods=["GET"]),
]
