-- A booking is sold when it stops being a hold; what changes later is a revision, never a rewrite.
begin;
select plan(34);

-- Given a salon with a cut for 50.00 and a wash for 3.33, and a policy that charges late cancellers
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('accountant');
select tests.person('customer');
select tests.person('rival');
select tests.business('Salon', 'owner');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Other', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.service('Wash', 'Salon', 30, 333);
select tests.takes('Wash', 'Ann');
insert into catalog.cancellation_policies (
    id, business_id, name, is_default, no_show_fee_bps, late_reschedule_hours,
    late_reschedule_fee_minor
)
values (tests.named('policy'), tests.id('Salon'), 'Strict', true, 10000, 240, 700);
insert into catalog.cancellation_tiers (
    business_id, cancellation_policy_id, hours_before, fee_bps
)
values (tests.id('Salon'), tests.id('policy'), 240, 5000);

create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.owed(called text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(sum(sale_lines.amount_minor), 0)::bigint
    from sales.sale_lines where sale_lines.sale_id = tests.sale_of(called)
$$;
create function tests.book(called text, starts_at text, is_hold boolean) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_id uuid = (public.book(tests.id('Cut')::text, starts_at, hold => is_hold::text)).id;
begin
    perform tests.note(called, v_id);
end;
$$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- A hold has no sale
select tests.act_as('customer');
select tests.book('held', '2031-03-04 09:00Z', true);
select is(tests.sale_of('held'), null, 'a hold is not sold');
select public.confirm_booking(tests.id('held')::text);
select isnt(tests.sale_of('held'), null, 'a confirmed hold is');
select is(
    (
        select booking_items.sale_line_id
        from public.booking_items
        where booking_items.booking_id = tests.id('held')
    ),
    (select sale_lines.id from public.sale_lines where sale_lines.sale_id = tests.sale_of('held')),
    'and its item is the line of the sale'
);

-- A booking is sold at once
select tests.book('plain', '2031-03-04 11:00Z', false);
select results_eq(
    $$ select customer_id, currency, owed_minor, placed_at from public.sales
       where id = tests.sale_of('plain') $$,
    $$ values (tests.id('customer'), 'EUR', 5000::bigint, '2031-03-03 08:00Z'::timestamptz) $$,
    'a booking is sold with its price, to whoever booked'
);
select results_eq(
    $$ select position, revision, kind::text, service_id, name, quantity, unit_minor, amount_minor,
              discount_minor, tax_minor
       from public.sale_lines where sale_id = tests.sale_of('plain') $$,
    $$ values (1::smallint, 0, 'service', tests.id('Cut'), 'Cut', 1, 5000::bigint, 5000::bigint,
               0::bigint, 0::bigint) $$,
    'in one line'
);
select results_eq(
    $$ select component, rate_bps, base_minor, tax_minor from public.sale_taxes
       where sale_id = tests.sale_of('plain') $$,
    $$ values ('none', 0::numeric, 5000::bigint, 0::bigint) $$,
    'with a tax row'
);
select results_eq(
    $$ select revision, cause::text from public.sale_revisions
       where sale_id = tests.sale_of('plain') $$,
    $$ values (0, 'agreed') $$,
    'as agreed'
);
select results_eq(
    $$ select user_id from public.customers where business_id = tests.id('Salon') $$,
    $$ values (tests.id('customer')) $$,
    'who buys is a customer, once'
);

-- Cancelling takes the line back and charges the fee
select public.cancel_booking(tests.id('plain')::text, 'Ill');
select results_eq(
    $$ select revision, kind::text, amount_minor, corrects_line_id is not null
       from public.sale_lines where sale_id = tests.sale_of('plain') order by position $$,
    $$ values (0, 'service', 5000::bigint, false), (1, 'service', -5000::bigint, true),
              (1, 'fee', 2500::bigint, true) $$,
    'a cancelled booking is taken back, and its fee is charged'
);
select is(
    (select sales.owed_minor from public.sales where sales.id = tests.sale_of('plain')),
    2500::bigint, 'so the fee is owed'
);
select public.cancel_booking(tests.id('plain')::text);
select is(tests.owed('plain'), 2500::bigint, 'cancelling again changes nothing');

-- Moving late costs a fee
select tests.book('moved', '2031-03-05 09:00Z', false);
select public.reschedule_booking(tests.id('moved')::text, '2031-03-05 10:00Z');
select results_eq(
    $$ select sale_revisions.cause::text, sale_lines.name, sale_lines.amount_minor
       from public.sale_lines
       inner join public.sale_revisions using (business_id, sale_id, revision)
       where sale_id = tests.sale_of('moved') and revision > 0 $$,
    $$ values ('moved', 'Rescheduling fee', 700::bigint) $$,
    'a booking that is moved late costs a fee'
);
select is(tests.owed('moved'), 5700::bigint, 'beside its price');

-- Nobody comes, and then they did
select tests.act_as_owner();
select tests.at('2031-03-05 12:00Z');
select tests.act_as('owner');
select public.mark_no_show(tests.id('moved')::text);
select is(
    tests.owed('moved'), 5700::bigint,
    'a no-show is taken back and costs what the policy says, beside the fee of the move'
);
select tests.act_as_owner();
select tests.act_as('owner');
select public.complete_booking(tests.id('moved')::text);
select is(tests.owed('moved'), 5700::bigint, 'a no-show that is put right owes the price again');
select results_eq(
    $$ select revision, sum(amount_minor)::bigint from public.sale_lines
       where sale_id = tests.sale_of('moved') group by revision order by revision $$,
    $$ values (0, 5000::bigint), (1, 700::bigint), (2, 0::bigint), (3, 0::bigint) $$,
    'each change is a revision of its own'
);
select results_eq(
    $$ select revision, base_minor + tax_minor from public.sale_taxes
       where sale_id = tests.sale_of('moved') order by revision $$,
    $$ select revision, sum(amount_minor)::bigint from public.sale_lines
       where sale_id = tests.sale_of('moved') group by revision order by revision $$,
    'whose tax row has the sum of its lines'
);

-- One service of several
select tests.act_as_owner();
select tests.at('2031-03-05 12:30Z');
select tests.act_as('customer');
select tests.note('both', (
    public.book_many(
        tests.id('Salon')::text,
        json_build_array(
            json_build_object('service_id', tests.id('Cut')),
            json_build_object('service_id', tests.id('Wash'))
        )::text,
        '2031-03-06 09:00Z'
    )
).id);
select is(tests.owed('both'), 5333::bigint, 'two services are two lines of one sale');
select public.cancel_booking_item(
    tests.id('both')::text,
    (
        select booking_items.id::text from public.booking_items
        where booking_items.booking_id = tests.id('both') and booking_items.position = 2
    )
);
select results_eq(
    $$ select kind::text, name, amount_minor from public.sale_lines
       where sale_id = tests.sale_of('both') and revision = 1 order by position $$,
    $$ values ('service', 'Wash', -333::bigint), ('fee', 'Cancellation fee', 167::bigint) $$,
    'a cancelled service is taken back by itself'
);
select is(tests.owed('both'), 5167::bigint, 'the other one is still owed');

-- A hold that ends was never sold
select tests.book('given up', '2031-03-07 09:00Z', true);
select public.cancel_booking(tests.id('given up')::text);
select is(tests.sale_of('given up'), null, 'a hold that is given up has no sale');

-- Who may read, and who may not
select tests.act_as('owner');
select is((select count(*) from public.sales), 4::bigint, 'a business sees its sales');
select tests.act_as('accountant');
select is((select count(*) from public.sales), 4::bigint, 'and so does its accountant');
select is_empty($$ select * from public.customers $$, 'who does not read customers');
select tests.act_as('rival');
select is_empty($$ select * from public.sales $$, 'another business does not see them');
select is_empty($$ select * from public.sale_lines $$, 'nor their lines');
select is_empty($$ select * from public.sale_taxes $$, 'nor their taxes');
select is_empty($$ select * from public.customers $$, 'nor the customers');
select throws_ok(
    $$ select token_hash from sales.baskets $$, '42501', null, 'nobody reads the token of a basket'
);
select tests.act_as('customer');
select throws_ok(
    $$ insert into public.sales (business_id) values (tests.id('Salon')) $$,
    '42501', null, 'nobody writes a sale of their own'
);

-- The owner of the tables cannot rewrite either
select tests.act_as_owner();
select throws_ok(
    $$ update sales.sale_lines set amount_minor = 1, unit_minor = 1 $$,
    'PT409', null, 'lines are not rewritten'
);
select throws_ok($$ delete from sales.sale_taxes $$, 'PT409', null, 'nor are taxes removed');
select throws_ok(
    $$ update sales.sales set currency = 'USD' $$, 'PT409', null, 'a sale keeps its currency'
);
select throws_ok(
    $$ update scheduling.bookings set sale_id = null where id = tests.id('moved') $$,
    '23514', null, 'no booking past a hold is without a sale'
);

select * from finish();
rollback;
