"""The routes of the pages."""

from starlette.routing import Route

from workers.edge.pages import health, metrics, reference

ROUTES = [
    Route("/health/live", health.live),
    Route("/health/ready", health.ready),
    Route("/metrics", metrics.metrics),
    Route("/docs", reference.docs),
]
