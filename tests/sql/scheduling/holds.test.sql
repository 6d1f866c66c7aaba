-- Holds cost nothing, so a customer and a network address have only a few at once.
begin;
select plan(20);

-- Given a salon with one chair, where two times can be held by a customer and three from an address
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('ann');
select tests.person('ben');
select tests.person('visitor');
update auth.users set email = null, is_anonymous = true where id = tests.id('visitor');
select tests.business('Salon', 'owner');
select tests.business('Studio', 'owner');
select tests.resource('Chair', 'Salon');
select tests.resource('Floor', 'Studio');
select tests.hours('Salon');
select tests.hours('Studio');
select tests.service('Cut', 'Salon');
select tests.takes('Cut', 'Chair');
select tests.service('Dance', 'Studio');
select tests.takes('Dance', 'Floor');
update business.businesses set max_holds_per_customer = 2, max_holds_per_address = 3
where id = tests.id('Salon');

create function tests.hold(at timestamptz, ip text default null, service text default 'Cut')
returns text
language plpgsql
as $$
begin
    perform set_config('request.headers', json_build_object('x-real-ip', ip)::text, true);
    return (public.book(tests.id(service)::text, at::text, hold => 'true')).status;
end;
$$;

-- A customer
select tests.act_as('ann');
select is(tests.hold('2031-05-05 09:00Z'), 'held', 'Ann holds nine o''clock');
select is(tests.hold('2031-05-05 10:00Z'), 'held', 'and ten o''clock');
select throws_ok(
    $$ select tests.hold('2031-05-05 11:00Z') $$,
    'PT422', 'You hold as many times as this business allows.', 'but no third time'
);
select is(tests.hold('2031-05-05 11:00Z', null, 'Dance'), 'held', 'another business has its own count');
select is(
    (public.book(tests.id('Cut')::text, '2031-05-05T11:00:00Z')).status, 'confirmed',
    'she books as much as she likes'
);
select lives_ok(
    $$ select public.confirm_booking(id::text) from public.bookings
       where starts_at = '2031-05-05 09:00Z' $$,
    'a hold becomes a booking'
);
select is(tests.hold('2031-05-05 12:00Z'), 'held', 'and makes room for another');
select lives_ok(
    $$ select public.cancel_booking(id::text) from public.bookings
       where starts_at = '2031-05-05 10:00Z' $$,
    'a cancelled hold is none'
);
select is(tests.hold('2031-05-05 10:00Z'), 'held', 'and makes room, too');
select tests.at('2031-05-01 08:15Z');
select is(tests.hold('2031-05-05 13:00Z'), 'held', 'holds that have expired never count');

-- A network address
select tests.at('2031-05-01 09:00Z');
select is(tests.hold('2031-05-06 09:00Z', '192.0.2.7'), 'held', 'Ann holds from the café');
select tests.act_as('ben');
select is(tests.hold('2031-05-06 10:00Z', '192.0.2.7'), 'held', 'and so does Ben');
select is(
    public.request_guest_booking(
        tests.id('Cut')::text, '2031-05-06T11:00:00Z', 'Cleo', 'cleo@example.com'
    ) ->> 'status',
    'held', 'and a guest'
);
select throws_ok(
    $$ select tests.hold('2031-05-06 12:00Z', '192.0.2.7') $$,
    'PT422', 'As many times are held from your network as this business allows.',
    'a fourth hold from there is refused'
);
select is(tests.hold('2031-05-06 12:00Z', '192.0.2.8'), 'held', 'Ben holds from next door');

-- A user without an address
select tests.act_as('visitor');
select is(tests.hold('2031-05-07 09:00Z', '192.0.2.9'), 'held', 'a visitor holds without an address');
select is(
    (select hold_expires_at from public.bookings), '2031-05-01 09:05Z'::timestamptz,
    'somebody unknown holds for five minutes'
);
select tests.act_as('ben');
select is(
    (select max(hold_expires_at) from public.bookings), '2031-05-01 09:15Z'::timestamptz,
    'somebody known for fifteen'
);

-- What is kept about it
select tests.act_as_role('worker');
select is(scheduling.forget_ended_holds(), 6, 'what is kept about holds goes when they have ended');
select tests.act_as_owner();
select is((select count(*) from scheduling.holds), 5::bigint, 'and stays while they last');
select * from finish();
rollback;
