"""Two reviews of one booking at once are one, and ratings equal a recount whoever changes what."""

from __future__ import annotations

from random import Random

import pytest

from tests.harness.acting import answer, connected, together
from tests.harness.database import Database

WORKERS = 6
CHANGES = 240
# What happens to reviews, each in a transaction of its own; the review is one at random. Authors,
# moderators and the worker who folds come at once. What was deleted may be reviewed again, so
# there are reviews to change until the end.
ACTS = (
    "update reviews.reviews set rating = 1 + (rating + {n}) % 5 where id = {review}",
    "update reviews.reviews set sub_ratings = case when sub_ratings = '{{}}'"
    """ then '{{"calm": {stars}}}'::jsonb else '{{}}' end where id = {review}""",
    "update reviews.reviews set status = 'hidden', status_reason = 'Rude'"
    " where id = {review} and status = 'published'",
    "update reviews.reviews set status = 'published', status_reason = null"
    " where id = {review} and status = 'hidden'",
    "delete from reviews.reviews where id = {review}",
    """
    insert into reviews.reviews (
        business_id, booking_id, rating, locale, status, created_at, service_ids, resource_ids
    )
    select business_id, booking_id, {stars}, 'en', 'published', now(), array[service_id],
        array[resource_id]
    from scheduling.booking_items
    where booking_id not in (select reviews.booking_id from reviews.reviews)
    order by md5(booking_id || '{n}') limit 1
    on conflict do nothing
    """,
    "select reviews.fold_ratings({n})",
)
WEIGHTS = (6, 3, 3, 3, 1, 2, 2)
PICK = "(select id from reviews.reviews order by id offset {place} limit 1)"


@pytest.fixture
def reviewed(db: Database) -> Database:
    """A salon with two people and sixty bookings, of which every one but the last is reviewed."""
    db.connection.execute(
        """
        select tests.person('owner'), tests.person('customer'),
            tests.business('Salon', 'owner'), tests.at('2031-05-01 00:00Z');
        select tests.hours('Salon', '00:00', '24:00'), tests.service('Cut', 'Salon', 10, 1000);
        select tests.resource(name, 'Salon'), tests.takes('Cut', name)
        from unnest('{Ann,Ben}'::text[]) as name;
        select tests.act_as('customer');
        select public.book(tests.id('Cut')::text, format(
            '2031-05-02T%s:%s:00Z', lpad((n / 4)::text, 2, '0'), lpad((15 * (n % 4))::text, 2, '0')
        )) from generate_series(0, 59) as n;
        select tests.act_as_owner();
        insert into reviews.reviews (
            business_id, booking_id, rating, locale, status, created_at, service_ids, resource_ids
        )
        select
            bookings.business_id, bookings.id, 1 + extract(hour from bookings.starts_at)::int % 5,
            'en', 'published', now(), array[booking_items.service_id],
            array[booking_items.resource_id]
        from scheduling.bookings
        inner join scheduling.booking_items on booking_items.booking_id = bookings.id
        order by bookings.starts_at limit 59;
        alter database """
        + db.connection.info.dbname
        + """ set frontdesk.now = '2031-05-03 00:00Z';
        """
    )
    return db


def test_two_reviews_of_one_booking_at_once_are_one(reviewed: Database) -> None:
    booking = reviewed.rows("select id from scheduling.bookings order by starts_at desc")[0][0]
    call = "select public.review_booking(%s::text, '5')"
    outcomes = together(4, lambda _: answer(reviewed, call, booking))
    assert outcomes == {"ok": 1, "already_reviewed": 3}
    assert reviewed.rows("select * from reviews.miscounts()") == []


def change(db: Database, seed: int, changes: int) -> str:
    """Change reviews at random."""
    random = Random(seed)
    with connected(db) as connection:
        for _ in range(changes):
            (act,) = random.choices(ACTS, WEIGHTS)
            text = act.format(
                n=random.randint(1, 4),
                stars=random.randint(1, 5),
                review=PICK.format(place=random.randrange(59)),
            )
            connection.execute(text.encode())
    return "done"


def recount(db: Database, changes: int) -> None:
    """Change reviews at once, and compare their ratings with a recount."""
    together(WORKERS, lambda seed: change(db, seed, changes // WORKERS))
    assert db.rows("select count(*) > 9 from reviews.reviews") == [(True,)], "something is left"
    assert db.rows("select * from reviews.miscounts()") == []
    db.rows("select reviews.fold_ratings(1000000)")
    assert db.rows("select * from reviews.miscounts()") == []
    assert db.rows("select count(*) from reviews.rating_changes") == [(0,)]


def test_ratings_equal_a_recount_after_changes_at_once(reviewed: Database) -> None:
    recount(reviewed, CHANGES)
