"""The routes of the pages."""

from starlette.routing import Route

from workers.edge.pages import front, health, metrics, reference

ROUTES = [
    Route("/", front.page),
    Route("/health/live", health.live),
    Route("/health/ready", health.ready),
    Route("/metrics", metrics.metrics),
    Route("/docs", reference.docs),
]
