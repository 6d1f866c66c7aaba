-- Reviews of one in seven completed bookings, at most 5,000. Like the bookings, they are written
-- without triggers, so that nobody is told of them; the ratings are counted afterwards. A stack may
-- have other reviews already, which were counted when they were written.
set local session_replication_role = replica;

insert into reviews.reviews (
    business_id, booking_id, service_ids, resource_ids, author_id, author_name, rating, body,
    locale, status, created_at, published_at
)
select
    visits.business_id,
    visits.id,
    visits.service_ids,
    visits.resource_ids,
    visits.customer_id,
    reviews.display_name(coalesce(profiles.full_name, visits.customer_name)),
    texts.rating,
    texts.body,
    'en',
    'published',
    visits.ends_at + interval '3 hours',
    visits.ends_at + interval '3 hours'
from (
    select
        bookings.business_id,
        bookings.id,
        bookings.customer_id,
        bookings.customer_name,
        bookings.ends_at,
        array_agg(distinct booking_items.service_id) as service_ids,
        coalesce(
            array_agg(distinct resources.id) filter (where resources.kind = 'staff'), '{}'
        ) as resource_ids
    from demo_businesses
    inner join scheduling.bookings on bookings.business_id = demo_businesses.id
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    left join catalog.resources on resources.id = booking_items.resource_id
    where
        bookings.status = 'completed'
        and bookings.customer_id is not null
        and abs(hashtext(bookings.reference)) % 7 = 0
    group by bookings.business_id, bookings.id
    limit 5000
) as visits
inner join (
    values
    (0, 5, 'Exactly what I wanted, and on time.'),
    (1, 5, 'Friendly and careful. I will come again.'),
    (2, 4, 'Good work; the wait was a little long.'),
    (3, 5, null),
    (4, 4, 'Nice place, fair price.'),
    (5, 3, 'It was all right.'),
    (6, 5, 'The best in town.'),
    (7, 2, 'Not what we agreed.')
) as texts (place, rating, body) on texts.place = abs(hashtext(visits.id::text)) % 8
left join identity.profiles on profiles.id = visits.customer_id;

insert into reviews.review_history (
    business_id, review_id, booking_id, to_status, actor_id, at
)
select
    reviews.business_id, reviews.id, reviews.booking_id, reviews.status, reviews.author_id,
    reviews.created_at
from demo_businesses
inner join reviews.reviews on reviews.business_id = demo_businesses.id;

set local session_replication_role = origin;

insert into reviews.rating_changes (business_id, subject, subject_id, aspect, rating, change)
select
    reviews.business_id, given.subject, given.subject_id, given.aspect, given.rating, count(*)
from demo_businesses
inner join reviews.reviews on reviews.business_id = demo_businesses.id
cross join lateral reviews.ratings_of(reviews) as given
group by reviews.business_id, given.subject, given.subject_id, given.aspect, given.rating;

select reviews.fold_ratings(1000000);
