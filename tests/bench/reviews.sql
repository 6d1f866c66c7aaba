-- The data of the benchmark of reviews: 10,000 published reviews of the bench business, two thirds of
-- them with a text, and the changes of the last hundred not folded yet.
set session_replication_role = replica;

insert into reviews.reviews (
    business_id, booking_id, service_ids, author_name, rating, sub_ratings, body, locale, status,
    created_at, published_at
)
select
    '00000000-0000-4000-8000-00000000000b',
    gen_random_uuid(),
    array['00000000-0000-4000-8000-00000000000c'::uuid],
    'Ada ' || chr(65 + n % 26) || '.',
    1 + n % 5,
    jsonb_build_object('cleanliness', 1 + n % 5),
    case when n % 3 > 0 then repeat('It was good. ', 1 + n % 20) end,
    'en',
    'published',
    now() - make_interval(mins => n),
    now() - make_interval(mins => n)
from generate_series(1, 10000) as n;

set session_replication_role = origin;

insert into reviews.rating_changes (business_id, subject, subject_id, aspect, rating, change)
select reviews.business_id, given.subject, given.subject_id, given.aspect, given.rating, 1
from reviews.reviews
cross join lateral reviews.ratings_of(reviews) as given
order by reviews.published_at;

select reviews.fold_ratings(39600);
analyze;
