-- A move to another price says who pays or gets the difference, and how.
begin;
select plan(38);

-- Given a barber in New York, where 4 % tax comes on top: weekends cost a fifth more, and Max 10.00
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('rival');
select tests.business('Barber', 'owner', 'UTC', 'USD');
update business.businesses set country = 'US' where id = tests.id('Barber');
insert into pricing.tax_settings (business_id, region) values (tests.id('Barber'), 'US-NY');
select tests.resource('Ann', 'Barber');
select tests.resource('Max', 'Barber');
update catalog.resources set staff_level = 'senior' where id = tests.id('Max');
select tests.hours('Barber', '08:00', '20:00');
select tests.service('Cut', 'Barber', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Max');
insert into pricing.price_rules (business_id, name, weekdays, change_bps)
values (tests.id('Barber'), 'Weekend', '{6,7}', 2000);
insert into pricing.price_rules (business_id, name, staff_level, change_minor, currency)
values (tests.id('Barber'), 'Senior', 'senior', 1000, 'USD');
insert into pricing.promotions (business_id, name, kind, percent_bps, is_automatic)
values (tests.id('Barber'), 'Opening', 'percent', 1000, false);
insert into pricing.coupons (business_id, promotion_id, code)
select promotions.business_id, promotions.id, 'TENOFF' from pricing.promotions;

create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.book(called text, starts_at text, code text default null) returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_booking public.bookings = public.book(
        tests.id('Cut')::text, starts_at, tests.id('Ann')::text, coupon_code => code
    );
begin
    perform tests.note(called, v_booking.id);
    return v_booking.total_minor;
end;
$$;
create function tests.move(
    called text, starts_at text, resource text default null, total text default null
) returns bigint[]
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_booking public.bookings = public.reschedule_booking(
        tests.id(called)::text, starts_at, case when resource is not null then tests.id(resource)::text end, total
    );
begin
    return array[v_booking.price_change_minor, v_booking.total_minor];
end;
$$;
create function tests.asked(called text, starts_at text, resource text default null) returns jsonb
language sql stable security invoker set search_path = ''
as $$
    select public.reschedule_quote(tests.id(called)::text, starts_at, case when resource is not null then tests.id(resource)::text end)
        - array['booking_id', 'starts_at', 'currency']
$$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.balance(called text) returns bigint
language sql stable security invoker set search_path = ''
as $$ select balance_minor from public.sales where id = tests.sale_of(called) $$;
create function tests.pay(called text, kind text default 'payment.captured') returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_id uuid = public.start_payment('sandbox', booking_id => tests.id(called)::text) ->> 'id';
begin
    perform money.start_call('create', v_id);
    return money.finish_call('create', v_id, (
        select jsonb_build_object(
            'kind', kind, 'reference', 'ref ' || v_id, 'amount_minor', amount_minor,
            'currency', currency
        )
        from money.payments where id = v_id
    )) ->> 'amount_minor';
end;
$$;
create function tests.settle(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$
    select money.settle_sale(business_id, sale_id) from scheduling.bookings
    where id = tests.id(called)
$$;
create function tests.keep_prices(called text, pricing text) returns void
language sql volatile security definer set search_path = ''
as $$
    update scheduling.bookings
    set policy = policy || jsonb_build_object('reschedule_pricing', pricing)
    where id = tests.id(called)
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Dearer: the customer owes the difference, with its tax, and pays it
select tests.act_as('customer');
select is(tests.book('cut', '2031-03-06 09:00Z'), 5200::bigint, 'a cut on a Thursday is 50.00 and tax');
select is(tests.pay('cut'), '5200', 'which is paid');
select is(
    tests.asked('cut', '2031-03-07 09:00Z'),
    '{"total_minor": 5200, "difference_minor": 0, "reschedule_fee_minor": 0, "owed_minor": 0,
      "refund_minor": 0, "hand_back_minor": 0}',
    'another weekday has the same price'
);
select is(
    tests.asked('cut', '2031-03-08 09:00Z'),
    '{"total_minor": 6240, "difference_minor": 1040, "reschedule_fee_minor": 0, "owed_minor": 1040,
      "refund_minor": 0, "hand_back_minor": 0}',
    'a Saturday costs a fifth more, which would be owed'
);
select throws_ok(
    $$ select tests.move('cut', '2031-03-08 09:00Z', null, '5200') $$,
    'PT409', null, 'whoever accepted another total is not moved'
);
select is(
    tests.move('cut', '2031-03-08 09:00Z', null, '6240'), '{1040,6240}',
    'the answer has the difference and the new total'
);
select is(tests.balance('cut'), 1040::bigint, 'which the sale owes');
select results_eq(
    $$ select cause::text, kind::text, amount_minor, sale_lines.tax_minor
       from public.sale_lines inner join public.sale_revisions using (business_id, sale_id, revision)
       where sale_id = tests.sale_of('cut') and revision > 0 $$,
    $$ values ('moved', 'service', 1000::bigint, 40::bigint) $$,
    'by a revision'
);
select results_eq(
    $$ select revision, base_minor, tax_minor from public.sale_taxes
       where sale_id = tests.sale_of('cut') order by revision $$,
    $$ values (0, 5000::bigint, 200::bigint), (1, 1000, 40) $$,
    'with a tax row of its own'
);
select is(
    (select price_minor from public.booking_items where booking_id = tests.id('cut')),
    6240::bigint, 'the service of the booking has the new price'
);
select is(tests.pay('cut'), '1040', 'paying again asks for the difference');
select is(tests.balance('cut'), 0::bigint, 'and nothing is left');

-- The same place again, and a time with the same price
select is(tests.move('cut', '2031-03-08 09:00Z'), '{1040,6240}', 'a repetition changes nothing');
select is(tests.move('cut', '2031-03-09 09:00Z'), '{0,6240}', 'Sunday costs what Saturday does');

-- Cheaper: what was paid too much goes back
select is(
    tests.asked('cut', '2031-03-10 09:00Z'),
    '{"total_minor": 5200, "difference_minor": -1040, "reschedule_fee_minor": 0, "owed_minor": 0,
      "refund_minor": 1040, "hand_back_minor": 0}',
    'back to a Monday the difference would be refunded'
);
select is(tests.move('cut', '2031-03-10 09:00Z'), '{-1040,5200}', 'the booking is moved');
select is(tests.balance('cut'), -1040::bigint, 'the business owes the difference');
select tests.act_as_owner();
select is(tests.settle('cut'), 1040::bigint, 'which is refunded');
select is(tests.settle('cut'), 0::bigint, 'once');
select is(
    (select count(distinct payment_id) from money.refund_parts where sale_id = tests.sale_of('cut')),
    1::bigint, 'from the latest payment'
);

-- Another resource, with a discount that keeps its share
select tests.act_as('customer');
select is(
    tests.book('coupon', '2031-03-06 11:00Z', 'TENOFF'), 4680::bigint, 'a coupon takes a tenth off'
);
select is(
    tests.move('coupon', '2031-03-06 11:00Z', 'Max'), '{936,5616}', 'somebody senior costs 10.00 more, less a tenth'
);
select is(
    (select sum(discount_minor) from public.sale_lines where sale_id = tests.sale_of('coupon')),
    600::numeric, 'so the discount is still a tenth'
);
select public.cancel_booking(tests.id('coupon')::text);
select is(tests.balance('coupon'), 0::bigint, 'cancelling takes all of it back');

-- What the catalog costs meanwhile changes nothing, and a rule that came later is as on that day
select is(tests.book('early', '2031-03-06 13:00Z'), 5200::bigint, 'another cut is booked');
select tests.act_as_owner();
update catalog.services set price_minor = 9000 where id = tests.id('Cut');
select tests.act_as('customer');
select is(tests.move('early', '2031-03-06 14:00Z'), '{0,5200}', 'a price that rises is for others');
select tests.act_as_owner();
update catalog.services set price_minor = 5000 where id = tests.id('Cut');

-- The policy of the booking may say otherwise
select tests.keep_prices('early', 'keep');
select tests.act_as('customer');
select is(tests.move('early', '2031-03-08 14:00Z'), '{0,5200}', 'a policy may keep the price');
select tests.act_as_owner();
select tests.keep_prices('early', 'surcharge');
select tests.act_as('customer');
select is(
    tests.move('early', '2031-03-06 14:00Z'), '{0,5200}', 'or give nothing back for a cheaper time'
);
select is(tests.move('early', '2031-03-08 15:00Z'), '{1040,6240}', 'and charge for a dearer one');

-- A member keeps the price, or moves at the one that the customer accepted
select tests.act_as('owner');
select is(tests.move('early', '2031-03-06 14:00Z'), '{0,6240}', 'a member''s move keeps the price');
select is(
    tests.asked('early', '2031-03-09 14:00Z') ->> 'total_minor', '7280', 'they hear the new one'
);
select throws_ok(
    $$ select tests.move('early', '2031-03-09 14:00Z', null, '1') $$,
    'PT409', 'The price has changed since you saw it.', 'and cannot make up a price'
);
select is(
    tests.move('early', '2031-03-09 14:00Z', null, '7280'), '{1040,7280}',
    'but move at the new one'
);
select public.record_cash_payment(tests.sale_of('early')::text);
select is(
    tests.asked('early', '2031-03-06 15:00Z') -> 'hand_back_minor', '1040',
    'what was paid in cash is for them to hand back'
);

-- Strangers, and bookings that are over
select tests.act_as('rival');
select throws_ok(
    $$ select tests.asked('cut', '2031-03-09 09:00Z') $$, 'PT404', null,
    'nobody else asks what a move costs'
);
select tests.act_as('customer');
select throws_ok(
    $$ select tests.asked('coupon', '2031-03-09 09:00Z') $$, 'PT409', null,
    'a cancelled booking is not moved'
);

-- The fee for not coming follows the new price, and the fee lines add up
select tests.act_as_owner();
select is_empty(
    $$ select bookings.id from scheduling.bookings
       inner join scheduling.booking_items on booking_items.booking_id = bookings.id
       group by bookings.id having sum(booking_items.price_minor) <> bookings.total_minor $$,
    'totals are the sums of the services'
);
select is_empty(
    $$ select bookings.id from scheduling.bookings
       where total_minor <> (
           select sum(sales.line_total(sale_lines)) from sales.sale_lines
           where sale_lines.sale_id = bookings.sale_id
       ) and status <> 'cancelled' $$,
    'and of the lines of the sale'
);

select * from finish();
rollback;
