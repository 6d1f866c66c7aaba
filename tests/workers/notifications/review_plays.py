"""What happens to reviews, for the plays of docs/notifications.md."""

from __future__ import annotations

REVIEW = (
    "select tests.act_as('customer');"
    "select public.book(tests.id('Cut')::text, '2031-05-05T09:00:00Z', tests.id('Ann')::text);"
    "select tests.at('2031-05-06 09:00Z');"
    "select public.review_booking(id::text, '5', 'Lovely.') from public.bookings;"
)
DECIDE = (
    "select tests.act_as_owner();"
    "select public.moderate_review(id::text, '{}', 'It names somebody.') from public.reviews;"
)
REVIEW_PLAYS = {
    "review.received": REVIEW,
    "review.replied": REVIEW
    + "select tests.act_as('owner');"
    + "select public.reply_to_review(id::text, 'Thank you.') from public.reviews;",
    "review.rejected": "update reviews.settings set is_published_at_once = false;"
    + REVIEW
    + DECIDE.format("rejected"),
    "review.hidden": REVIEW + DECIDE.format("hidden"),
}
