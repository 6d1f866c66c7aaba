-- Customers earn points with what they pay, redeem them, and give them back with what they return.
begin;
select plan(67);

-- Given a salon with a cut for 50.00, where each euro earns a point, and a point is worth 2 cents
select tests.at('2031-03-03 08:00Z');
select tests.person(called) from unnest('{owner,staff,rival,mia,noah}'::text[]) as called;
select tests.business('Salon', 'owner');
select tests.member('staff', 'Salon', 'staff');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon', capacity => 40);
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.service('Wash', 'Salon', 60, 333);
select tests.takes('Cut', 'Ann');
select tests.takes('Wash', 'Ann');
insert into money.providers (name, is_online, is_enabled) values ('sandbox', true, true)
on conflict (name) do update set is_enabled = true;

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, service text default 'Cut', points integer default 0)
returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
    perform tests.note(called, (public.book(
        tests.id(service)::text, '2031-03-04 09:00Z', redeem_points => points::text
    )).id);
end;
$$;
create function tests.move(called text, status scheduling.booking_status) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_now text = current_setting('frontdesk.now');
begin
    perform tests.at(starts_at) from scheduling.bookings where id = tests.id(called);
    update scheduling.bookings set status = move.status where id = tests.id(called);
    perform tests.at(v_now::timestamptz);
end;
$$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select sale_id from scheduling.bookings where id = tests.id(called) $$;
create function tests.customer(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select customers.customer_of(tests.id('Salon'), tests.id(called), null) $$;
create function tests.points(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select accounts.points - accounts.debt_points from loyalty.accounts
    where customer_id = tests.customer(called)
$$;
create function tests.entries(called text) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(kind || ' ' || points, ', ' order by created_at, kind, points)
    from loyalty.entries where sale_id = tests.sale_of(called)
$$;
-- What a refund writes: the line becomes cheaper.
create function tests.take_back(called text, amount bigint) returns void
language sql volatile security definer set search_path = ''
as $$
    select sales.revise_sale(
        sale_lines.business_id, sale_lines.sale_id, 'refunded',
        array[sales.make_change(
            sale_lines.kind, sale_lines.id, sale_lines.service_id, sale_lines.name, - amount
        )]
    )
    from sales.sale_lines
    where sale_id = tests.sale_of(called) and revision = 0
$$;
create function tests.pay(called text, provider text, amount bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_id uuid = gen_random_uuid();
begin
    insert into money.payments (
        id, provider, currency, amount_minor, to_capture_minor, capture, return_url, expires_at
    ) values (v_id, provider, 'EUR', amount, amount, 'now', '', '2040-01-01Z');
    insert into money.payment_parts (business_id, sale_id, payment_id, provider, currency, amount_minor)
    values (tests.id('Salon'), tests.sale_of(called), v_id, provider, 'EUR', amount);
    update money.payment_parts set captured_minor = amount where payment_id = v_id;
end;
$$;
create function tests.sums_agree() returns boolean
language sql stable security definer set search_path = ''
as $$
    select not exists (
        select 1 from loyalty.lots
        where points <> (select coalesce(sum(entries.points), 0) from loyalty.entries where lot_id = lots.id)
    ) and not exists (
        select 1 from loyalty.accounts
        where points - debt_points <> (
            select coalesce(sum(entries.points), 0) from loyalty.entries
            where entries.customer_id = accounts.customer_id
        ) or points > 0 and debt_points > 0
    )
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- A program is written by managers
select tests.act_as('staff');
select throws_ok(
    $$ insert into public.loyalty_programs (
           business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
       ) values (tests.id('Salon'), 'Points', 'EUR', 1, 100, 50, 100) $$,
    'PT403', null, 'staff write no program'
);
select tests.act_as('owner');
insert into public.loyalty_programs (
    business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor,
    minimum_redeem_points, expires_after_days, referrer_points, referred_points
) values (tests.id('Salon'), 'Salon points', 'EUR', 1, 100, 50, 100, 10, 365, 30, 20);
select throws_ok(
    $$ insert into public.loyalty_programs (
           business_id, name, currency, earn_points, earn_minor, redeem_points, redeem_minor
       ) values (tests.id('Other'), 'Points', 'EUR', 1, 100, 50, 100) $$,
    'PT403', null, 'and owners none for others'
);
select throws_ok(
    $$ update public.loyalty_programs set bearer = 'platform' $$, '42501', null,
    'no business makes the platform bear its points'
);
select throws_ok(
    $$ update public.loyalty_programs set redeem_points = 1000, redeem_minor = 1 $$, 'PT400', null,
    'the least redemption is worth something'
);
select tests.act_as('mia');
select is(
    (select name from public.loyalty_programs), 'Salon points', 'everybody reads the program'
);

-- A completed booking earns once
select tests.book('first');
select is(tests.points('mia'), null, 'a booking earns nothing before it is completed');
select tests.act_as_owner();
select tests.move('first', 'checked_in');
select tests.move('first', 'completed');
select is(tests.points('mia'), 50::bigint, 'a completed booking of 50.00 earns 50 points');
select loyalty.settle_sale(tests.id('Salon'), tests.sale_of('first'));
select sales.deliver_lines(tests.id('Salon'), tests.sale_of('first'));
select is(tests.entries('first'), 'earned 50', 'and earns them once');
select throws_ok(
    $$ insert into loyalty.entries (business_id, customer_id, lot_id, kind, points, sale_id, created_at)
       select business_id, customer_id, lot_id, kind, points, sale_id, created_at
       from loyalty.entries $$,
    '23505', null, 'which a constraint holds'
);

-- Entries are only added to
select throws_ok(
    $$ update loyalty.entries set points = 1000 $$, 'PT409', null,
    'not even the owner of the table changes an entry'
);
select throws_ok($$ delete from loyalty.entries $$, 'PT409', null, 'or deletes one');
select throws_ok($$ truncate loyalty.entries $$, 'PT409', null, 'or all of them');
select throws_ok(
    $$ update loyalty.accounts set points = -1 $$, '23514', null, 'a balance is never negative'
);
select tests.act_as('mia');
select throws_ok(
    $$ insert into loyalty.entries (business_id, customer_id, kind, points, created_at)
       values (tests.id('Salon'), tests.customer('mia'), 'earned', 1000, now()) $$,
    '42501', null, 'a customer writes no points'
);

-- Who reads them
select is((select sum(points)::int from public.loyalty_entries), 50, 'a customer reads their points');
select is(
    (select points from public.loyalty_balances), 50::bigint, 'and their balance'
);
select tests.act_as('noah');
select is_empty('table public.loyalty_entries', 'nobody reads those of others');
select tests.act_as('rival');
select is_empty('table public.loyalty_balances', 'another business reads none');
select tests.act_as('staff');
select is((select points from public.loyalty_balances), 50::bigint, 'the business reads them');

-- Redeeming: a named discount between the others and tax
select tests.act_as('noah');
select throws_ok(
    $$ select public.quote(jsonb_build_array(jsonb_build_object(
           'service_id', tests.id('Cut')))::text, redeem_points => '10') $$,
    'PT409', null, 'who has no points redeems none'
);
select tests.act_as('mia');
select throws_ok(
    $$ select public.quote(jsonb_build_array(jsonb_build_object(
           'service_id', tests.id('Cut')))::text, redeem_points => '51') $$,
    'PT409', 'Only 50 points are left.', 'nobody redeems more points than they have'
);
select throws_ok(
    $$ select public.quote(jsonb_build_array(jsonb_build_object(
           'service_id', tests.id('Cut')))::text, redeem_points => '9') $$,
    'PT400', null, 'or fewer than the program asks for'
);
create temporary table quotes as
select public.quote(
    jsonb_build_array(
        jsonb_build_object('service_id', tests.id('Cut')),
        jsonb_build_object('service_id', tests.id('Wash'))
    )::text,
    redeem_points => '50'
) as quote;
select is(
    (select quote ->> 'total_minor' from quotes), '5233', '50 points take 1.00 off'
);
select is(
    (select quote #> '{lines,0,discounts}' from quotes),
    '[{"source": "points", "name": "Salon points", "bearer": "business", "amount_minor": 94, "points": 47}]'::jsonb,
    'shared over the lines, by name, with who bears it'
);
select is(tests.points('mia'), 50::bigint, 'a quote redeems nothing');
select is(
    public.quote(
        jsonb_build_array(jsonb_build_object('service_id', tests.id('Cut')))::text
    ) -> 'discount_minor', '0'::jsonb, 'and without points nothing is taken off'
);
select tests.book('second', 'Wash', 50);
select is(
    (select total_minor from public.bookings where id = tests.id('second')), 233::bigint,
    'a booking redeems'
);
select is(tests.points('mia'), 0::bigint, 'and its points are held at once');
select is(
    (
        select source || ' ' || bearer || ' ' || sale_line_discounts.amount_minor
        from sales.sale_line_discounts
        inner join sales.sale_lines on sale_lines.id = sale_line_id
        where sale_id = tests.sale_of('second')
    ),
    'points business 100', 'the sale keeps who bears them'
);
select throws_ok(
    $$ select tests.book('third', 'Wash', 50) $$, 'PT409', 'There are no points to redeem.',
    'they are not redeemed twice'
);
select public.cancel_booking(tests.id('second')::text);
select is(tests.points('mia'), 50::bigint, 'a cancelled booking gives them back');
select tests.act_as_owner();
select is(
    (select count(distinct lot_id) from loyalty.entries), 1::bigint, 'into the lot that they are of'
);

-- More points than the sale costs are not used up
select loyalty.adjust(tests.id('Salon'), tests.customer('mia'), 450, 'A present');
select tests.act_as('mia');
select tests.book('free', 'Wash', 500);
select is(tests.points('mia'), 333::bigint, 'of 500 points a sale of 3.33 uses 167');
select tests.act_as_owner();
select tests.move('free', 'no_show');
select is(tests.points('mia'), 500::bigint, 'what is taken back gives its points back');
select tests.move('free', 'completed');
select is(tests.points('mia'), 333::bigint, 'and what stands again takes them again');
select is(
    tests.entries('free'), 'redeemed -167, returned -167, returned 167',
    'what points paid earns nothing'
);

-- Pro rata
select tests.act_as('mia');
select tests.book('half', 'Cut', 100);
select tests.act_as_owner();
select is(tests.points('mia'), 233::bigint, '100 points pay 2.00 of 50.00');
select tests.move('half', 'checked_in');
select tests.move('half', 'completed');
select is(tests.points('mia'), 281::bigint, 'and the other 48.00 earn 48 points');
select tests.take_back('half', 2400);
select is(
    tests.points('mia'), 307::bigint,
    'a refund of half takes 24 of those back, and returns 50 of these'
);
select tests.take_back('half', 2400);
select is(tests.points('mia'), 333::bigint, 'a refund of all leaves what was there before');
select ok(tests.sums_agree(), 'every sum agrees');

-- None for gift cards and credit
select tests.act_as('noah');
select tests.book('card');
select tests.act_as_owner();
select tests.pay('card', 'gift_card', 2000);
select tests.move('card', 'checked_in');
select tests.move('card', 'completed');
select is(tests.points('noah'), 30::bigint, 'what a gift card paid earns nothing');
select tests.pay('card', 'credit', 3000);
select is(tests.points('noah'), 0::bigint, 'nor does what credit pays later');

-- Debt
select tests.act_as('noah');
select tests.book('spent');
select tests.act_as_owner();
select tests.move('spent', 'checked_in');
select tests.move('spent', 'completed');
select tests.act_as('noah');
select tests.book('bought', 'Wash', 50);
select tests.act_as_owner();
select tests.take_back('spent', 5000);
select is(
    (select debt_points from loyalty.accounts where customer_id = tests.customer('noah')),
    50::bigint, 'what was spent already is owed'
);
select tests.act_as('noah');
select is((select points from public.loyalty_balances), 0::bigint, 'nothing is left meanwhile');
select tests.book('later');
select tests.act_as_owner();
select tests.move('later', 'checked_in');
select tests.move('later', 'completed');
select is(tests.points('noah'), 0::bigint, 'later points repay it');
select ok(tests.sums_agree(), 'and every sum agrees');

-- Expiry: by time alone, first expiring first spent
select tests.at('2032-02-01 00:00Z');
select loyalty.adjust(tests.id('Salon'), tests.customer('noah'), 40, 'A present');
select loyalty.adjust(tests.id('Salon'), tests.customer('noah'), -10, 'Too many');
select tests.at('2032-12-01 00:00Z');
select loyalty.adjust(tests.id('Salon'), tests.customer('noah'), 7, 'Another one');
select tests.act_as('noah');
select results_eq(
    $$ select points, expiring_points, expires_at from public.loyalty_balances $$,
    $$ values (37::bigint, 30::bigint, '2033-01-31 00:00Z'::timestamptz) $$,
    'a balance says what expires first'
);
select tests.at('2033-01-31 00:00Z');
select is(
    (select points from public.loyalty_balances), 7::bigint, 'points expire without anybody doing it'
);
select tests.act_as('owner');
select is(
    (public.adjust_points(
        tests.id('Salon')::text, tests.customer('noah')::text, '-7', 'Closed', 'once'
    )).points, 0::bigint, 'a manager takes what is left, with a reason'
);
select lives_ok(
    $$ select public.adjust_points(
           tests.id('Salon')::text, tests.customer('noah')::text, '-7', 'Closed', 'once') $$,
    'the same call again does nothing'
);
select throws_ok(
    $$ select public.adjust_points(
           tests.id('Salon')::text, tests.customer('noah')::text, '-1', 'More') $$,
    'PT409', null, 'nobody takes more than is left'
);
select throws_ok(
    $$ select public.adjust_points(
           tests.id('Salon')::text, tests.customer('noah')::text, '1', '') $$,
    'PT400', null, 'or without a reason'
);
select tests.act_as('staff');
select throws_ok(
    $$ select public.adjust_points(
           tests.id('Salon')::text, tests.customer('noah')::text, '1', 'Please') $$,
    'PT403', null, 'staff change no points'
);

-- Customers hear of points that expire
select tests.act_as_owner();
update loyalty.lots set told_at = private.now();
select loyalty.adjust(tests.id('Salon'), tests.customer('noah'), 8, 'Another one');
select is(loyalty.tell_of_expiring(10), 0, 'nobody hears of points that expire in a year');
select tests.at('2034-01-18 00:00Z');
select is(loyalty.tell_of_expiring(10), 1, 'within the days of the program their customer does');
select is(loyalty.tell_of_expiring(10), 0, 'once');
select tests.at('2033-01-31 00:00Z');

-- Levels and campaigns
select tests.act_as('owner');
insert into public.loyalty_multipliers (business_id, name, percent, access, starts_at, ends_at)
values
(tests.id('Salon'), 'Gold', 150, 'gold', null, null),
(tests.id('Salon'), 'Spring', 200, null, '2033-03-01Z', '2033-04-01Z'),
(tests.id('Salon'), 'Old', 900, null, null, '2033-01-01Z');
select tests.act_as_owner();
select customers.grant_access(
    tests.id('Salon'), tests.customer('mia'), gen_random_uuid(), 'gold', 0, '[2033-01-01Z,2034-01-01Z)'
);
select tests.act_as('mia');
select tests.note('gold', (public.book(tests.id('Cut')::text, '2033-03-10 09:00Z')).id);
select tests.at('2033-03-01 00:00Z');
select tests.note('spring', (public.book(tests.id('Cut')::text, '2033-03-10 11:00Z')).id);
select tests.act_as_owner();
select tests.move(called, 'checked_in') from unnest('{gold,spring}'::text[]) as called;
select tests.move(called, 'completed') from unnest('{gold,spring}'::text[]) as called;
select is(tests.entries('gold'), 'earned 75', 'members of a level earn more');
select is(
    tests.entries('spring'), 'earned 100', 'in a campaign everybody does, by the highest that applies'
);

-- In any order, and ten times
select tests.person('zoe');
select tests.act_as('zoe');
select tests.note(
    'round ' || round, (public.book(tests.id('Cut')::text, '2033-03-10 13:00Z')).id
)
from generate_series(1, 10) as round;
select tests.act_as_owner();
create function tests.buy_and_give_back(round integer) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    -- Odd ones are given back in three parts, one of them before they are completed.
    if round % 2 = 1 then
        perform tests.take_back('round ' || round, 1667);
    end if;
    perform tests.move('round ' || round, 'completed');
    if round % 2 = 1 then
        perform tests.take_back('round ' || round, 1);
    end if;
    perform tests.take_back('round ' || round, case round % 2 when 1 then 3332 else 5000 end);
end;
$$;
select tests.buy_and_give_back(round) from generate_series(1, 10) as round;
select is(
    tests.points('zoe'), 0::bigint, 'who buys and gives back ten times has as many points as before'
);
select is(
    (select count(*) from loyalty.earnings where customer_id = tests.customer('zoe')), 10::bigint,
    'each of the sales earned once'
);
select ok(tests.sums_agree(), 'and every sum agrees at last');

-- A claw-back does not ask for points that expired
select tests.act_as('zoe');
select tests.note('old', (public.book(tests.id('Cut')::text, '2033-03-10 13:00Z')).id);
select tests.act_as_owner();
select tests.move('old', 'completed');
select tests.at('2034-06-01 00:00Z');
select loyalty.adjust(tests.id('Salon'), tests.customer('zoe'), 5, 'A present');
select is(tests.points('zoe'), 5::bigint, 'points that expired are written down by whoever comes next');
select tests.take_back('old', 5000);
select is(tests.points('zoe'), 5::bigint, 'and are not taken back a second time');
select ok(tests.sums_agree(), 'also then every sum agrees');

-- Whoever redeems nothing pays no look for points
alter table loyalty.programs rename to programs_away;
select tests.act_as('mia');
select lives_ok(
    $$ select public.quote(jsonb_build_array(jsonb_build_object(
           'service_id', tests.id('Cut')))::text) $$,
    'a quote without points does not read the program'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2034-06-05 09:00Z') $$,
    'nor does a booking'
);

select * from finish();
rollback;
