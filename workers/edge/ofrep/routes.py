"""The routes of OFREP."""

from starlette.routing import Route

from workers.edge.ofrep import evaluate

PREFIX = "/ofrep/v1"
ROUTES = [
    Route(f"{PREFIX}/evaluate/flags", evaluate.all_flags, methods=["POST"]),
    Route(f"{PREFIX}/evaluate/flags/{{key}}", evaluate.one_flag, methods=["POST"]),
]
