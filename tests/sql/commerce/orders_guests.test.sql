-- A guest's order: reference and address show it, a mailed code cancels or returns it, and nothing
-- else does.
begin;
select plan(27);

select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.named(called) from unnest('{Mitte,Oil,oil}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 1000);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')], array[(tests.id('oil'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'), array[(tests.id('oil'), 20)]::commerce.stock_item[],
    'received', null
);

-- Three oils for Gus, who has no account, or for somebody who has one
create function tests.place(called text, buyer uuid default null) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), buyer, 'Gus', 'gus@example.com', null,
        pricing.quote(
            array[(select line from commerce.variant_line(tests.id('Shop'), tests.id('oil'), 3))],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), buyer)
        )
    );
    v_line uuid = (select id from sales.sale_lines where sale_id = v_sale);
begin
    perform commerce.record_movements(
        tests.id('Shop'), tests.id('Mitte'), array[(tests.id('oil'), -3)]::commerce.stock_item[],
        'sold', null
    );
    insert into tests.names (name, id) values (called || ' line', v_line), (called, commerce.place_order(
        tests.id('Shop'), v_sale, buyer,
        jsonb_build_object('kind', 'pickup', 'store_id', tests.id('Mitte')),
        array[
            (v_line, tests.id('oil'), tests.id('Mitte'), 'OIL', 'Oil', 3, 1)
        ]::commerce.order_line[],
        private.now() + interval '7 days', true
    ));
end;
$$;
create function tests.reference(called text) returns text
language sql stable security definer set search_path = ''
as $$ select reference from commerce.orders where id = tests.id(called) $$;
create function tests.mails() returns bigint
language sql stable security definer set search_path = ''
as $$
    select count(*) from pgmq.q_mail
    where message -> 'kwargs' -> 'payload' ->> 'kind' = 'guest_order'
$$;
create function tests.code() returns text
language sql stable security definer set search_path = ''
as $$
    select message -> 'kwargs' -> 'payload' ->> 'code' from pgmq.q_mail order by msg_id desc limit 1
$$;
create function tests.lines(called text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(called || ' line'), 'quantity', quantity))::text $$;
create function tests.left_over() returns integer
language sql stable security definer set search_path = ''
as $$ select on_hand from commerce.stock_levels where variant_id = tests.id('oil') $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.place('first');
select tests.place('second');
select tests.place('account', tests.id('customer'));

-- Read
select tests.act_as_anon();
select is(
    public.lookup_order(tests.reference('first'), 'Gus@example.com') - 'reference' - 'items',
    '{"status": "fulfilling", "returns": [], "currency": "EUR", "tracking": null,
      "expires_at": null, "open_minor": 3000, "placed_at": "2031-05-01T08:00:00+00:00",
      "total_minor": 3000, "business_name": "Shop", "delivery_kind": "pickup",
      "returns_until": null}',
    'a guest sees the order by its reference and their address'
);
select is(
    public.lookup_order(lower(tests.reference('first')), 'gus@example.com') #>> '{items,0,name}',
    'Oil', 'and what is in it'
);
select throws_ok(
    $$ select public.lookup_order(tests.reference('first'), 'eve@example.com') $$, 'PT404',
    'There is no order with this reference and e-mail address.', 'by both'
);
select throws_ok(
    $$ select public.lookup_order('AAAAAAAA', 'gus@example.com') $$, 'PT404',
    'There is no order with this reference and e-mail address.', 'by neither alone'
);
select throws_ok(
    $$ select * from public.orders $$, '42501', null, 'nobody reads orders without signing in'
);

-- A code
select lives_ok(
    $$ select public.request_order_code(tests.reference('first'), 'eve@example.com') $$,
    'somebody else asks for a code'
);
select is(tests.mails(), 0::bigint, 'and nobody gets a mail');
select lives_ok(
    $$ select public.request_order_code(tests.reference('account'), 'gus@example.com') $$,
    'an order of an account has no code'
);
select is(tests.mails(), 0::bigint, 'its customer signs in');
select lives_ok(
    $$ select public.request_order_code(tests.reference('first'), 'gus@example.com') $$,
    'Gus asks for a code'
);
select is(tests.mails(), 1::bigint, 'and gets it by mail');

-- Cancelled, one of three
select is(
    public.cancel_guest_order(
        tests.reference('first'), 'x' || tests.code(), tests.lines('first', 1)
    ) ->> 'details', 'code_invalid', 'a wrong code cancels nothing'
);
select is(
    public.cancel_guest_order(tests.reference('second'), tests.code()) ->> 'details',
    'code_invalid', 'nor does the code of another order'
);
select is(tests.left_over(), 11, 'and no stock moves');
select is(
    public.cancel_guest_order(
        tests.reference('first'), tests.code(), tests.lines('first', 1), 'Too many'
    ) #>> '{items,0,cancelled_quantity}', '1', 'the right one cancels one oil'
);
select is(tests.left_over(), 12, 'which is in stock again');
select is(
    public.cancel_guest_order(
        tests.reference('first'), tests.code(), tests.lines('first', 1), 'Too many'
    ) #>> '{items,0,cancelled_quantity}', '1', 'the same call again changes nothing'
);
select is(
    public.cancel_guest_order(tests.reference('first'), tests.code()) ->> 'details',
    'code_invalid', 'and a used code does nothing else'
);
select tests.act_as('ann');
select is(
    (select actor || ' ' || coalesce(actor_id::text, 'without account') || ': ' || note
        from public.order_timeline
        where order_id = tests.id('first') and event = 'lines_cancelled'),
    'customer without account: Too many', 'the business sees that the customer did it'
);

-- The code proves one transaction's act, and only of its order
select tests.act_as_anon();
select throws_ok(
    $$ select public.cancel_order(tests.id('second')::text) $$, 'PT401', null,
    'without a code nobody cancels'
);
select tests.act_as('customer');
select throws_ok(
    $$ select public.cancel_order(tests.id('second')::text) $$, 'PT404',
    'There is no such order.', 'nor with another account'
);

-- Returned
select tests.act_as('ann');
select public.hand_over_order(tests.id('second')::text);
select tests.act_as_anon();
select public.request_order_code(tests.reference('second'), 'gus@example.com');
select is(
    public.cancel_guest_order(tests.reference('second'), '000') ->> 'details', 'code_invalid',
    'a code that is too short is wrong, too'
);
select is(
    public.return_guest_order(
        tests.reference('second'), tests.code(), tests.lines('second', 2), 'Leaks'
    ) -> 'returns', '[{"kind": "return", "status": "requested"}]', 'Gus returns two of three'
);
select throws_ok(
    $$ select public.return_guest_order(
        tests.reference('second'), tests.code(), kind => 'swap') $$, 'PT400', null,
    'in one of the ways that there are'
);
select tests.act_as('ann');
select results_eq(
    $$ select order_id, reason, requested_by, quantity from public.returns
       inner join public.return_items on return_items.return_id = returns.id $$,
    $$ values (tests.id('second'), 'Leaks', null::uuid, 2) $$, 'the business decides about it'
);

-- Codes are few
select tests.act_as_anon();
select public.request_order_code(tests.reference('second'), 'gus@example.com');
select public.request_order_code(tests.reference('second'), 'gus@example.com');
select throws_ok(
    $$ select public.request_order_code(tests.reference('second'), 'gus@example.com') $$, 'PGRST',
    null, 'an address gets five an hour'
);
select is(tests.mails(), 4::bigint, 'and no more mails');

select * from finish();
rollback;
