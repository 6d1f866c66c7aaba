-- The mail after a visit has a link by which its reader reviews the booking without signing in. It
-- works for one booking, until it expires.
begin;
select plan(14);

-- Given a guest's visit that was completed, and one of a customer
select tests.at('2031-05-05 08:00Z');
select tests.person('owner'), tests.person('mia'), tests.person('gus');
select tests.business('Salon', 'owner');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 30);
select tests.takes('Cut', 'Ann');
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
select tests.act_as_anon();
create temporary table guest as
select public.request_guest_booking(
    tests.id('Cut')::text, '2031-05-05T10:00:00Z', 'Gus Grey', 'gus@example.com'
) ->> 'reference' as reference;
select tests.act_as_owner();
select public.confirm_guest_booking(
    (select reference from guest),
    (select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail order by msg_id desc limit 1)
);
select tests.note('visit', (select id from scheduling.bookings));
select tests.act_as('mia');
select tests.note('other', (public.book(tests.id('Cut')::text, '2031-05-05T11:00:00Z')).id);
select tests.act_as_owner();
create temporary table links as
select reviews.invitation_path(tests.id('visit')) as path;
select is((select path from links), null, 'a booking that is not completed has no link');
select tests.at('2031-05-05 12:00Z');
select public.complete_booking(tests.id('visit')::text), public.complete_booking(tests.id('other')::text);
update links set path = reviews.invitation_path(tests.id('visit'));
alter table links add column token text;
update links set token = split_part(path, 'token=', 2);
grant select on links to public;
select matches(
    (select path from links), '^/functions/v1/review\?booking=[0-9a-f-]{36}&token=[0-9a-f]{64}$',
    'a completed one has'
);
select is_empty(
    $$ select * from tests.finds((select token from links)) where finds !~ 'links' $$,
    'and nothing in the database opens it'
);
select is(
    reviews.show_invitation(tests.id('visit'), (select token from links)),
    '{"business_name": "Salon", "services": "Cut"}', 'the page says what is reviewed'
);

-- What does not work
select tests.act_as_anon();
select throws_ok(
    $$ select public.review_by_link(tests.id('visit')::text, repeat('a', 64), '5') $$,
    'PT403', 'This link does not work, or not any more.', 'another token reviews nothing'
);
select throws_ok(
    $$ select public.review_by_link(tests.id('other')::text, (select token from links), '5') $$,
    'PT403', 'This link does not work, or not any more.', 'and no other booking'
);
select tests.at('2031-07-05 12:00Z');
select throws_ok(
    $$ select public.review_by_link(tests.id('visit')::text, (select token from links), '5') $$,
    'PT403', 'This link does not work, or not any more.', 'nor after sixty days'
);
select tests.at('2031-05-25 12:00Z');
select tests.act_as_owner();
select is(scheduling.forget_old_codes(), 1, 'a worker forgets the code that the guest typed');
select tests.act_as_anon();

-- The review
select is(
    public.review_by_link(tests.id('visit')::text, (select token from links), '4', 'Fine.') ->> 'status',
    'published', 'the link writes the review'
);
select throws_ok(
    $$ select public.review_by_link(tests.id('visit')::text, (select token from links), '5') $$,
    'PT409', 'There is a review of this already.', 'once'
);
select results_eq(
    $$ select author_name, rating::integer from public.business_reviews $$,
    $$ values ('Gus G.', 4) $$, 'which everybody reads'
);
select tests.act_as_owner();
select is(reviews.invitation_path(tests.id('visit')), null, 'there is no second invitation');
select tests.act_as('gus');
select public.claim_guest_bookings();
select isnt_empty(
    $$ select 1 from public.reviews where is_mine $$,
    'the guest who signs up later finds the review among theirs'
);
select lives_ok(
    $$ select public.edit_review(id::text, rating => '5') from public.reviews where is_mine $$,
    'and edits it'
);

select * from finish();
rollback;
