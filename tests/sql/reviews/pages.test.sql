-- Everybody reads reviews page by page, with the ratings beside them.
begin;
select plan(11);

-- Given a salon with five reviews, of which two were published at the same moment, and one hidden
select tests.at('2031-05-05 08:00Z');
select tests.person('owner'), tests.person('mia');
select tests.business('Salon', 'owner'), tests.business('Closed', 'owner');
update business.businesses set is_active = false where id = tests.id('Closed');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 30);
select tests.takes('Cut', 'Ann');
select tests.act_as('mia');
select public.book(tests.id('Cut')::text, format('2031-05-06T%s:00:00Z', 10 + n))
from generate_series(0, 5) as n;
select tests.act_as_owner();
insert into reviews.reviews (
    business_id, booking_id, rating, locale, status, status_reason, created_at, published_at,
    service_ids, resource_ids
)
select
    business_id, id, 1 + (row_number() over (order by starts_at) - 1) % 5, 'en',
    case when row_number() over (order by starts_at) < 6 then 'published' else 'hidden' end
        ::reviews.review_status,
    'Test', now(),
    '2031-05-10Z'::timestamptz + ((row_number() over (order by starts_at)) / 2) * interval '1 hour',
    array[tests.id('Cut')], array[tests.id('Ann')]
from scheduling.bookings;

select tests.act_as_anon();
create temporary table pages as
with recursive pages as (
    select public.review_page(tests.id('Salon')::text, "limit" => '2') as page
    union all
    select public.review_page(
        tests.id('Salon')::text, "limit" => '2', cursor => page ->> 'next_cursor'
    )
    from pages
    where page ->> 'next_cursor' is not null
)

select page, row_number() over () as number from pages;
select is(
    (select array_agg(jsonb_array_length(page -> 'reviews') order by number) from pages),
    '{2,2,1}', 'pages follow one another'
);
select results_eq(
    $$
    select (review ->> 'id')::uuid
    from pages cross join lateral jsonb_array_elements(page -> 'reviews') with ordinality as reviews (review, place)
    order by number, place
    $$,
    $$
    select id from public.business_reviews
    where business_id = tests.id('Salon') order by published_at desc, id desc
    $$,
    'every published review is on one page, the newest first, also of the same moment'
);
select is(
    (select page -> 'summary' from pages where number = 1),
    '{"count": 5, "average": 3.00, "score": 3.250, "aspects": {},
    "histogram": {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}}',
    'with the ratings of all'
);
select is(
    (public.review_page(service_id => tests.id('Cut')::text) -> 'summary' ->> 'count'), '5',
    'a service has its own page'
);
select is(
    jsonb_array_length(public.review_page(resource_id => tests.id('Ann')::text) -> 'reviews'), 5,
    'and so has who gives it'
);
select tests.act_as_owner();
delete from reviews.reviews where business_id = tests.id('Salon');
select tests.act_as_anon();
select is(
    public.review_page(tests.id('Salon')::text),
    '{"summary": {"count": 0, "average": null, "score": null, "aspects": {},
    "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}}, "reviews": [], "next_cursor": null}',
    'without reviews the figures are zeros'
);
select throws_ok(
    $$ select public.review_page(tests.id('Closed')::text) $$,
    'PT404', 'There is no such business.', 'a business that nobody sees has no page'
);
select throws_ok(
    $$ select public.review_page(tests.id('Salon')::text, cursor => 'x') $$,
    'PT400', 'cursor must be a next_cursor of review_page.', 'a cursor is one of ours'
);
select throws_ok(
    $$ select public.review_page(tests.id('Salon')::text, service_id => tests.id('Cut')::text) $$,
    'PT400', 'business_id must stand alone, like product_id and the others.', 'one subject at a time'
);
select throws_ok(
    $$ select public.review_page() $$, 'PT400', 'business_id is required.', 'and one there must be'
);
select tests.act_as('mia');
select is_empty(
    $$ select 1 from public.business_reviews $$, 'the list of a signed-in customer is the same'
);

select * from finish();
rollback;
