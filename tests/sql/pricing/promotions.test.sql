-- Discounts: what promotions take off, who may use a coupon and how often, and who bears it.
begin;
select plan(55);

-- Given a salon, a rival, two customers and the platform's accountant
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.person('customer');
select tests.person('other');
select tests.person('finance');
insert into identity.platform_staff (user_id, role) values (tests.id('finance'), 'finance');
select tests.business('Salon', 'owner');
select tests.business('Spa', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '00:00', '24:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.service('Wash', 'Salon', 30, 333);
select tests.service('Bath', 'Spa', 60, 9000);
select tests.takes('Cut', 'Ann');
select tests.takes('Wash', 'Ann');
update catalog.services set max_party_size = 20 where business_id = tests.id('Salon');

create function tests.cart(services text[], coupon text default null, party integer default 1)
returns jsonb
language sql stable
as $$
    select public.quote(
        (
            select jsonb_agg(
                jsonb_build_object('service_id', tests.id(name), 'party_size', party) order by place
            )
            from unnest(services) with ordinality as services (name, place)
        )::text,
        coupon_code => coupon
    )
$$;
create function tests.parts(quote jsonb) returns text
language sql immutable
as $$
    select string_agg(line.value ->> 'discount_minor', ' ' order by line.place)
    from jsonb_array_elements(quote -> 'lines') with ordinality as line (value, place)
$$;
create function tests.promote(called text, details jsonb) returns void
language plpgsql volatile
as $$
declare
    v_row public.promotions = jsonb_populate_record(
        null::public.promotions,
        jsonb_build_object(
            'id', tests.named(called), 'business_id', tests.id('Salon'), 'name', called,
            'is_active', true, 'is_automatic', false, 'priority', 0, 'is_combinable', true
        ) || details
    );
begin
    insert into public.promotions (
        id, business_id, name, kind, is_active, is_automatic, priority, is_combinable, percent_bps,
        amount_minor, buy_quantity, get_quantity, currency, service_id, starts_at, ends_at,
        min_spend_minor, max_uses, max_spend_minor, max_uses_per_customer
    )
    values (
        v_row.id, v_row.business_id, v_row.name, v_row.kind, v_row.is_active, v_row.is_automatic,
        v_row.priority, v_row.is_combinable, v_row.percent_bps, v_row.amount_minor,
        v_row.buy_quantity, v_row.get_quantity, v_row.currency, v_row.service_id, v_row.starts_at,
        v_row.ends_at, v_row.min_spend_minor, v_row.max_uses, v_row.max_spend_minor,
        v_row.max_uses_per_customer
    );
    insert into public.coupons (business_id, promotion_id, code)
    values (v_row.business_id, v_row.id, upper(called));
end;
$$;
create function tests.uses(called text) returns text
language sql stable security definer
as $$
    select promotions.used_count || ' ' || promotions.spent_minor
    from pricing.promotions where promotions.id = tests.id(called)
$$;
create function tests.book(starts_at text, coupon text default null) returns uuid
language sql volatile
as $$ select (public.book(tests.id('Cut')::text, starts_at, coupon_code => coupon)).id $$;
create function tests.code() returns text
language sql stable security definer
as $$ select min(code) from pricing.coupons where code like 'MAY-%' $$;
grant execute on all functions in schema tests to anon, authenticated;
grant select, insert on tests.names to authenticated;

-- Who writes promotions
select tests.act_as('rival');
select throws_ok(
    $$ insert into public.promotions (business_id, name, kind, percent_bps)
       values (tests.id('Salon'), 'Free', 'percent', 10000) $$,
    'PT403', null, 'a rival makes no promotion for the salon'
);
select tests.act_as('owner');
select lives_ok(
    $$ select tests.promote('TEN', '{"kind": "percent", "percent_bps": 1000}') $$,
    'an owner makes a promotion with a coupon'
);
select throws_ok(
    $$ insert into public.promotions (business_id, name, kind, percent_bps, platform_bps)
       values (tests.id('Salon'), 'Theirs', 'percent', 1000, 10000) $$,
    '42501', null, 'but not one that the platform pays'
);
select throws_ok(
    $$ update public.promotions set used_count = 0 $$, '42501', null, 'and does not write the counters'
);
select throws_ok(
    $$ insert into public.promotions (business_id, name, kind, percent_bps)
       values (tests.id('Salon'), 'Odd', 'fixed', 1000) $$,
    'PT400', null, 'a promotion takes off one thing'
);
select throws_ok(
    $$ insert into public.coupons (business_id, promotion_id, code)
       values (tests.id('Salon'), tests.id('TEN'), 'ten') $$,
    'PT400', null, 'codes are in capitals'
);
select throws_ok(
    $$ insert into public.coupons (business_id, promotion_id, code)
       values (tests.id('Salon'), tests.id('TEN'), 'TEN') $$,
    'PT409', null, 'and each is there once'
);

-- What is taken off
select tests.act_as_anon();
select is(tests.parts(tests.cart('{Cut,Wash}', ' ten ')), '500 33', 'ten percent of 53.33 is 5.33, allocated to the lines');
select is((tests.cart('{Cut,Wash}', 'TEN') ->> 'total_minor')::bigint, 4800::bigint, 'and comes off the total');
select is(
    (tests.cart('{Cut,Wash}', 'TEN') ->> 'discount_minor')::bigint, 533::bigint, 'which says how much'
);
select throws_ok(
    $$ select tests.cart('{Bath}', 'TEN') $$, 'PT422', 'There is no such coupon.',
    'a coupon of the salon is none in the spa'
);
select tests.act_as('owner');
select tests.promote('FIVER', '{"kind": "fixed", "amount_minor": 500, "currency": "EUR", "min_spend_minor": 5000}');
select tests.promote('HUGE', '{"kind": "fixed", "amount_minor": 99999, "currency": "EUR"}');
select tests.promote('DOLLARS', '{"kind": "fixed", "amount_minor": 500, "currency": "USD"}');
select tests.promote('THIRD', '{"kind": "buy_x_get_y", "buy_quantity": 2, "get_quantity": 1}');
select tests.promote('GIFT', jsonb_build_object('kind', 'free_item', 'get_quantity', 1, 'service_id', tests.id('Wash')));
select tests.promote('LATER', '{"kind": "percent", "percent_bps": 1000, "starts_at": "2031-06-01T00:00:00Z"}');
select tests.promote('OVER', '{"kind": "percent", "percent_bps": 1000, "ends_at": "2031-05-01T08:00:00Z"}');
select tests.promote('ALONE', '{"kind": "percent", "percent_bps": 2000, "is_combinable": false}');
select tests.promote('ONCE', '{"kind": "percent", "percent_bps": 5000, "max_uses_per_customer": 1}');
select tests.promote('TWO', '{"kind": "percent", "percent_bps": 1000, "max_uses": 2}');
select tests.promote('PURSE', '{"kind": "percent", "percent_bps": 1000, "currency": "EUR", "max_spend_minor": 900}');
select tests.act_as_anon();
select is(tests.parts(tests.cart('{Cut,Wash}', 'FIVER')), '469 31', 'an amount is allocated by largest remainder');
select throws_ok(
    $$ select tests.cart('{Wash}', 'FIVER') $$, 'PT422', 'This coupon needs a higher total.', 'from a subtotal on'
);
select is((tests.cart('{Cut,Wash}', 'HUGE') ->> 'total_minor')::bigint, 0::bigint, 'no discount is more than the price');
select throws_ok(
    $$ select tests.cart('{Cut}', 'DOLLARS') $$, 'PT422', 'This coupon is for another currency.', 'dollars are no euros'
);
select is(tests.parts(tests.cart('{Cut,Wash,Cut}', 'THIRD')), '0 333 0', 'of three the cheapest is free');
select is(tests.parts(tests.cart('{Cut}', 'THIRD', 7)), '10000', 'of seven two are');
select throws_ok(
    $$ select tests.cart('{Cut,Wash}', 'THIRD') $$, 'PT422', 'This coupon takes nothing off these items.', 'of two none is'
);
select is(tests.parts(tests.cart('{Cut,Wash}', 'GIFT')), '0 333', 'an item is free');
select is(tests.parts(tests.cart('{Wash}', 'GIFT', 3)), '333', 'once');
select throws_ok($$ select tests.cart('{Cut}', 'GIFT') $$, 'PT422', null, 'only if it is bought');
select throws_ok(
    $$ select tests.cart('{Cut}', 'LATER') $$, 'PT422', 'This coupon cannot be used yet.', 'a promotion begins'
);
select throws_ok($$ select tests.cart('{Cut}', 'OVER') $$, 'PT422', 'This coupon has ended.', 'and ends');
select throws_ok(
    $$ select tests.cart('{Cut}', 'ONCE') $$, 'PT422', 'Sign in to use this coupon.',
    'a limit for each customer needs a customer'
);

-- Several at once
select tests.act_as('owner');
select tests.promote('SALE', '{"kind": "percent", "percent_bps": 500, "is_automatic": true, "priority": 5}');
select tests.act_as_anon();
select is(tests.parts(tests.cart('{Cut}')), '250', 'an automatic promotion needs no code');
select is(tests.parts(tests.cart('{Cut}', 'TEN')), '725', 'and each applies to what the one before left');
select throws_ok(
    $$ select tests.cart('{Cut}', 'ALONE') $$, 'PT422', 'This coupon cannot be combined with another discount.',
    'one that cannot be combined is refused beside one that comes first'
);
select tests.act_as('owner');
update public.promotions set priority = 0 where name = 'SALE';
select tests.act_as_anon();
select is(tests.parts(tests.cart('{Cut}', 'ALONE')), '1000', 'and applies alone where it comes first');
select tests.act_as('owner');
update public.promotions set is_active = false where name = 'SALE';

-- A use is claimed when the sale is placed
select tests.act_as('customer');
select lives_ok($$ select tests.book('2031-05-02 09:00Z', 'TWO') $$, 'a customer books with a coupon');
select is(tests.uses('TWO'), '1 500', 'which is used once then');
select results_eq(
    $$ select bookings.total_minor, sale_lines.amount_minor, sale_lines.discount_minor, sales.owed_minor
       from public.bookings
       inner join public.sale_lines on sale_lines.sale_id = bookings.sale_id
       inner join public.sales on sales.id = bookings.sale_id $$,
    $$ values (4500::bigint, 5000::bigint, 500::bigint, 4500::bigint) $$, 'the sale keeps the discount'
);
select results_eq(
    $$ select source = tests.id('TWO')::text, bearer, name, amount_minor from public.sale_line_discounts $$,
    $$ values (true, 'business', 'TWO', 500::bigint) $$, 'line by line, and who bears it'
);
select results_eq(
    $$ select amount_minor, currency, released_at from public.coupon_redemptions $$,
    $$ values (500::bigint, 'EUR', null::timestamptz) $$, 'and customers read their uses'
);
select lives_ok(
    $$ select public.book(tests.id('Cut')::text, '2031-05-02 12:00Z', coupon_code => 'TWO', hold => 'true') $$,
    'a hold uses nothing yet'
);
select is(tests.uses('TWO'), '1 500', 'because it is not sold');
select tests.act_as('other');
select is_empty($$ select id from public.coupon_redemptions $$, 'others do not read them');
select lives_ok($$ select tests.book('2031-05-02 10:00Z', 'TWO') $$, 'another customer uses it, too');
select throws_ok(
    $$ select tests.book('2031-05-02 11:00Z', 'TWO') $$, 'PT409', 'This coupon is used up.', 'a third use is refused'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.confirm_booking((select id::text from public.bookings where status = 'held')) $$,
    'PT409', 'This coupon is used up.', 'and so is the hold that comes too late'
);
-- … and released when the sale ends before it is paid
select public.cancel_booking((select id::text from public.bookings where status = 'confirmed'));
select is(tests.uses('TWO'), '1 500', 'cancelling before it is paid gives the use back');
select is(
    (
        select sales.owed_minor from public.sales
        inner join public.bookings on sales.id = bookings.sale_id
        where bookings.status = 'cancelled'
    ), 0::bigint, 'and nothing is owed'
);
select lives_ok(
    $$ select public.confirm_booking((select id::text from public.bookings where status = 'held')) $$,
    'so the hold can be sold'
);
select tests.act_as_owner();
insert into money.payments (
    id, provider, currency, amount_minor, capture, to_capture_minor, return_url, expires_at
)
values (
    tests.named('payment'), 'sandbox', 'EUR', 4500, 'now', 4500, 'https://example.com',
    '2031-05-02 08:00Z'
);
insert into money.payment_parts (
    business_id, sale_id, payment_id, provider, currency, amount_minor
)
select bookings.business_id, bookings.sale_id, tests.id('payment'), 'sandbox', 'EUR', 4500
from scheduling.bookings
where bookings.status = 'confirmed' and bookings.customer_id = tests.id('customer');
update money.payment_parts set captured_minor = 4500;
select tests.act_as('customer');
select public.cancel_booking((select id::text from public.bookings where status = 'confirmed'));
select is(tests.uses('TWO'), '2 1000', 'a use stays once the sale was paid');

-- Budgets and customers
select lives_ok($$ select tests.book('2031-05-03 09:00Z', 'PURSE') $$, 'a budget pays for a discount');
select throws_ok(
    $$ select tests.book('2031-05-03 10:00Z', 'PURSE') $$, 'PT409', 'This coupon is used up.',
    'but not for one that is larger than what is left'
);
select lives_ok($$ select tests.book('2031-05-03 11:00Z', 'ONCE') $$, 'a customer uses a coupon once');
select throws_ok(
    $$ select tests.book('2031-05-03 12:00Z', 'ONCE') $$, 'PT409', 'You used this coupon as often as you may.', 'and not twice'
);
select tests.act_as('other');
select lives_ok($$ select tests.book('2031-05-03 13:00Z', 'ONCE') $$, 'another customer once, too');

-- Many codes
select tests.act_as('owner');
select is(
    (select count(distinct code) from public.create_coupons(tests.id('TEN')::text, '50', 'may-') where code ~ '^MAY-[2-9A-Z]{12}$'),
    50::bigint, 'an owner makes many codes'
);
select tests.act_as('rival');
select throws_ok($$ select public.create_coupons(tests.id('TEN')::text, '1') $$, 'PT403', null, 'a rival does not');
select throws_ok(
    $$ select public.share_promotion(tests.id('TEN')::text, '3333') $$, 'PT403', null, 'nor lets the platform pay'
);
select tests.act_as('owner');
select throws_ok(
    $$ select public.share_promotion(tests.id('TEN')::text, '3333') $$, 'PT403', null, 'nor does the owner'
);

-- Shared promotions
select tests.act_as('finance');
select lives_ok($$ select public.share_promotion(tests.id('TEN')::text, '3333') $$, 'the platform bears a share');
select tests.act_as('owner');
select throws_ok(
    $$ update public.promotions set percent_bps = 9000 where name = 'TEN' $$, 'PT403', null,
    'then its terms stay as they are'
);
select tests.act_as('other');
select tests.book('2031-05-04 11:00Z', tests.code());
select results_eq(
    $$ select bearer, amount_minor from public.sale_line_discounts
       where name = 'TEN' order by bearer $$,
    $$ values ('business', 333::bigint), ('platform', 167::bigint) $$, 'each bears its part of the discount'
);

select * from finish();
rollback;
