-- Somebody buys goods, an appointment and a gift card from two businesses, and everything that this
-- needs is written, or nothing.
begin;
select plan(57);

-- Given a shop with two stores, a salon, a customer and a stranger
select tests.at('2031-05-05 08:00Z');
select tests.person(called) from unnest('{owner,rival,ada,bob}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Salon', 'rival');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '08:00', '20:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.named(called)
from unnest('{Mitte,Nord,Oil,50,100,Set,Secret,Post,Counter,Comb}'::text[]) as called;
insert into business.stores (id, business_id, name, position) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte', 1), (tests.id('Nord'), tests.id('Shop'), 'Nord', 2);
insert into catalog.products (id, business_id, name, slug, currency, is_published) values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true),
(tests.id('Secret'), tests.id('Shop'), 'Secret', 'secret', 'EUR', false),
(tests.id('Set'), tests.id('Shop'), 'Gift set', 'set', 'EUR', true),
(tests.id('Comb'), tests.id('Salon'), 'Comb', 'comb', 'EUR', true);
insert into catalog.product_options (business_id, product_id, name, allowed_values)
values (tests.id('Shop'), tests.id('Oil'), 'Size', '{50,100}');
insert into catalog.product_variants (id, business_id, product_id, sku, options, price_minor, weight_grams)
values
(tests.id('50'), tests.id('Shop'), tests.id('Oil'), 'OIL-50', '{"Size": "50"}', 900, 100),
(tests.id('100'), tests.id('Shop'), tests.id('Oil'), 'OIL-100', '{"Size": "100"}', 1500, 200),
(tests.id('Set'), tests.id('Shop'), tests.id('Set'), 'SET', '{}', 2000, 300),
(tests.id('Secret'), tests.id('Shop'), tests.id('Secret'), 'SECRET', '{}', 100, 1),
(tests.id('Comb'), tests.id('Salon'), tests.id('Comb'), 'COMB', '{}', 700, 50);
insert into catalog.bundle_items (business_id, bundle_variant_id, variant_id, quantity) values
(tests.id('Shop'), tests.id('Set'), tests.id('50'), 2),
(tests.id('Shop'), tests.id('Set'), tests.id('100'), 1);
insert into commerce.delivery_options (
    id, business_id, name, kind, store_id, regions, currency, price_minor, free_from_minor,
    max_weight_grams, can_split
) values
(tests.id('Post'), tests.id('Shop'), 'Post', 'delivery', null, '{DE}', 'EUR', 500, 5000, 2000, false),
(tests.id('Counter'), tests.id('Shop'), 'Counter', 'pickup', null, '{}', 'EUR', 0, null, null, false);
insert into business.stores (business_id, name) values (tests.id('Salon'), 'Salon');
insert into money.payment_settings (business_id, gift_card_valid_months)
values (tests.id('Salon'), 36);
select commerce.lock_levels(
    stores.business_id, array[stores.id],
    array(
        select (product_variants.id, 1)::commerce.stock_item from catalog.product_variants
        where product_variants.business_id = stores.business_id
    )
) from business.stores;
select commerce.record_movements(
    tests.id('Shop'), tests.id(store),
    array[(tests.id(variant), pieces)::commerce.stock_item], 'received', null
)
from (values
    ('Mitte', '50', 5), ('Mitte', '100', 4), ('Nord', '50', 2), ('Nord', '100', 2)
) as stock (store, variant, pieces);
select commerce.record_movements(
    stores.business_id, stores.id, array[(tests.id('Comb'), 5)::commerce.stock_item], 'received', null
) from business.stores where stores.business_id = tests.id('Salon');
insert into money.providers (name, is_online, is_enabled) values ('sandbox', true, true)
on conflict (name) do update set is_enabled = true;

create table tests.answers (called text primary key, answer jsonb);
grant all on tests.answers to anon, authenticated;
create function tests.keep(called text, answer jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
    insert into tests.answers values (keep.called, keep.answer)
    on conflict (called) do update set answer = excluded.answer
    returning answers.answer
$$;
create function tests.kept(called text, path text) returns text
language sql volatile security definer set search_path = ''
as $$ select answer #>> path::text[] from tests.answers where answers.called = kept.called $$;
create function tests.stock(store text, called text) returns integer
language sql volatile security definer set search_path = ''
as $$
    select on_hand from commerce.stock_levels
    where store_id = tests.id(store) and variant_id = tests.id(called)
$$;
create function tests.goods(called text, quantity integer default 1) returns jsonb
language sql volatile security definer set search_path = ''
as $$ select jsonb_build_object('variant_id', tests.id(called), 'quantity', quantity) $$;
create function tests.counts() returns text
language sql volatile security definer set search_path = ''
as $$
    select concat_ws(
        ' ', (select count(*) from sales.baskets), (select count(*) from sales.sales),
        (select count(*) from sales.sale_lines), (select count(*) from commerce.orders),
        (select count(*) from commerce.stock_movements), (select count(*) from money.payments),
        (select count(*) from pricing.coupon_redemptions), (select count(*) from money.gift_cards),
        (select count(*) from pgmq.list_queues())
    )
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- A guest's cart
select tests.act_as_anon();
select lives_ok(
    $$ select tests.keep('guest', public.add_to_cart(tests.goods('50', 2)::text)) $$,
    'somebody without an account puts goods into a cart'
);
select matches(tests.kept('guest', '{cart_token}'), '^[0-9a-f]{64}$', 'they get a token that nobody guesses');
select is(tests.kept('guest', '{total_minor}'), '1800', 'the cart costs what its goods cost');
select is(tests.kept('guest', '{items,0,name}'), 'Oil (50)', 'an item is named after its options');
select is(
    public.add_to_cart(tests.goods('50')::text, null, tests.kept('guest', '{cart_token}'))
    #>> '{items,0,quantity}',
    '3', 'the same goods again are added up'
);
select is(
    public.update_cart_item(tests.kept('guest', '{items,0,id}'), '2', tests.kept('guest', '{cart_token}'))
    ->> 'total_minor',
    '1800', 'they say how many they want'
);
select throws_ok(
    $$ select public.add_to_cart(tests.goods('Secret')::text) $$,
    'PT404', null, 'nobody buys what is not published'
);
select throws_ok(
    $$ select public.add_to_cart(tests.goods('50')::text, null, repeat('0', 64)) $$,
    'PT404', null, 'a token that was never given finds nothing'
);
select throws_ok(
    $$ select public.update_cart_item(tests.kept('guest', '{items,0,id}'), '1', null) $$,
    'PT404', null, 'without the token nobody changes the cart'
);
select throws_ok(
    $$ select public.add_to_cart(jsonb_build_object('service_id', tests.id('Cut'),
       'starts_at', '2031-05-06T09:00:00Z')::text, null, tests.kept('guest', '{cart_token}')) $$,
    'PT401', null, 'a time is held for a user only'
);
select tests.act_as('bob');
select throws_ok(
    $$ select public.update_cart_item(tests.kept('guest', '{items,0,id}'), '1', null) $$,
    'PT404', null, 'another user does not change it either'
);
select is_empty('select 1 from public.cart_items', 'nor read it');

-- Signing in
select tests.act_as('ada');
select is(
    public.add_to_cart(tests.goods('100')::text) ->> 'total_minor', '1500', 'a user has a cart of their own'
);
select is(
    tests.keep('cart', public.merge_cart(tests.kept('guest', '{cart_token}'))) ->> 'total_minor',
    '3300', 'after signing in they have both'
);
select throws_ok(
    $$ select public.read_cart(tests.kept('guest', '{cart_token}')) $$,
    'PT404', null, 'the token is of no use any more'
);
select is(
    tests.keep('cart', public.add_to_cart(jsonb_build_object('service_id', tests.id('Cut'),
        'starts_at', '2031-05-06T09:00:00Z')::text)) ->> 'total_minor',
    '8300', 'an appointment is added'
);
select is(
    (select status::text from public.bookings where id = tests.kept('cart', '{items,2,booking_id}')::uuid),
    'held', 'its time is held'
);
select is(
    tests.keep('cart', public.add_to_cart(jsonb_build_object('gift_card_minor', 2500, 'currency', 'EUR',
        'business_id', tests.id('Salon'))::text)) ->> 'total_minor',
    '10800', 'and a gift card'
);
select throws_ok(
    $$ select public.add_to_cart(jsonb_build_object('gift_card_minor', 2500, 'currency', 'USD',
       'business_id', tests.id('Salon'))::text) $$,
    'PT400', null, 'a cart has one currency'
);
select results_eq(
    'select item_count, subtotal_minor, total_minor from public.carts',
    'values (4::bigint, 10800::bigint, 10800::bigint)', 'the view has the same totals'
);
select results_eq(
    'select sum(total_minor) from public.cart_items', 'values (10800::numeric)',
    'which are the sums of the items'
);
select tests.act_as('rival');
select is_empty('select 1 from public.carts', 'a seller does not see what is in carts');

-- Prices are those of today
select tests.act_as_owner();
update catalog.product_variants set price_minor = 1000 where id = tests.id('50');
select tests.act_as('ada');
select is(
    public.read_cart(delivery_option_id => tests.id('Post')::text, address => '{"country": "DE"}')
    ->> 'total_minor',
    '11500', 'a price that changed, and the delivery, are in the total'
);
select throws_ok(
    $$ select public.read_cart(delivery_option_id => tests.id('Post')::text, address => '{"country": "FR"}') $$,
    'PT422', null, 'what does not go there is refused'
);
select tests.keep('counts', to_jsonb(tests.counts()));
select throws_ok(
    $$ select public.checkout('key', delivery_option_id => tests.id('Post')::text, total_minor => '11300',
       address => '{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE"}') $$,
    'PT409', null, 'nobody pays another price than they accepted'
);
select throws_ok(
    $$ select public.checkout('key', delivery_option_id => tests.id('Post')::text, address => '{"country": "DE"}') $$,
    'PT400', null, 'goods that are sent have an address'
);
select throws_ok(
    $$ select public.checkout('key') $$, 'PT400', 'delivery_option_id is required.',
    'goods go somewhere'
);
select is(tests.counts(), tests.kept('counts', '{}'), 'a checkout that fails leaves nothing');

-- Checkout
select lives_ok(
    $$ select tests.keep('bought', public.checkout('key', delivery_option_id => tests.id('Post')::text,
       total_minor => '11500', provider => 'sandbox',
       address => '{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE", "postal_code": "10115"}')) $$,
    'everything is bought with one call'
);
select is(tests.kept('bought', '{basket,total_minor}'), '11500', 'at the price that was accepted');
select is(
    jsonb_array_length(tests.kept('bought', '{sales}')::jsonb), 3,
    'the shop''s goods, the salon''s gift card and the appointment are a sale each'
);
select is(tests.kept('bought', '{payment,amount_minor}'), '11500', 'with one payment');
select is(tests.kept('bought', '{orders,0,status}'), 'pending', 'the order waits for it');
select is(tests.kept('bought', '{bookings,0,status}'), 'confirmed', 'the appointment is booked');
select matches(tests.kept('bought', '{gift_cards,0,code}'), '^[0-9A-Z-]{19}$', 'the gift card has a code');
select results_eq(
    'select expires_at - interval ''36 months'' from money.gift_cards', 'select private.now()',
    'which can be spent as long as its business says'
);
select is(tests.stock('Mitte', '50') || ' ' || tests.stock('Mitte', '100'), '3 3', 'its pieces are taken');
select results_eq(
    $$ select kind::text, name, quantity, unit_minor, variant_id from public.sale_lines
       where sale_id = (select sale_id from public.orders) order by position $$,
    $$ values ('product', 'Oil (100)', 1, 1500::bigint, tests.id('100')),
       ('product', 'Oil (50)', 2, 1000::bigint, tests.id('50')),
       ('shipping', 'Post', 1, 500::bigint, null) $$,
    'the sale keeps what was sold at which price'
);
select results_eq(
    $$ select sku, name, quantity, store_id from public.order_items order by sku $$,
    $$ values ('OIL-100', 'Oil (100)', 1, tests.id('Mitte')), ('OIL-50', 'Oil (50)', 2, tests.id('Mitte')) $$,
    'the order says from where each piece comes'
);
select is(
    tests.keep('again', public.checkout('key', delivery_option_id => tests.id('Post')::text,
       total_minor => '11500', provider => 'sandbox',
       address => '{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE", "postal_code": "10115"}'))
    #>> '{basket,id}',
    tests.kept('bought', '{basket,id}'), 'the same call again returns the first answer'
);
select throws_ok(
    $$ select public.checkout('key', provider => 'sandbox') $$, 'PT409',
    'This idempotency key was used with other arguments.', 'the same key buys nothing else'
);
select is_empty('select 1 from public.cart_items', 'the cart is empty');

-- Items in the call
select is(
    tests.keep('inline', public.checkout('once', store_id => tests.id('Nord')::text,
        items => jsonb_build_array(tests.goods('50', 2))::text)) #>> '{orders,0,store_id}',
    tests.id('Nord')::text, 'goods that are sent with the call are picked up at the store'
);
select is(tests.stock('Nord', '50') || ' ' || tests.stock('Mitte', '50'), '0 3', 'only that store has fewer');
select throws_ok(
    $$ select public.checkout('twice', store_id => tests.id('Nord')::text,
       items => jsonb_build_array(tests.goods('50', 1))::text) $$,
    'PT409', 'OIL-50: only 0 left.', 'another store does not help out'
);
select throws_ok(
    $$ select public.checkout('twice', store_id => tests.id('Mitte')::text,
       items => jsonb_build_array(tests.goods('Set', 1), tests.goods('50', 2))::text) $$,
    'PT409', 'OIL-50: only 3 left.', 'a bundle and its parts are added up first'
);
select lives_ok(
    $$ select tests.keep('set', public.checkout('twice', store_id => tests.id('Mitte')::text,
       items => jsonb_build_array(tests.goods('Set', 1), tests.goods('50', 1))::text)) $$,
    'what is there can be bought'
);
select results_eq(
    $$ select sku, quantity, pieces_per_unit from public.order_items
       where order_id = tests.kept('set', '{orders,0,id}')::uuid order by sku, quantity $$,
    $$ values ('OIL-100', 1, 1), ('OIL-50', 1, 1), ('OIL-50', 2, 2) $$,
    'a bundle is ordered as its parts'
);
select is(tests.stock('Mitte', '50') || ' ' || tests.stock('Mitte', '100'), '0 2', 'and taken as its parts');
select throws_ok(
    $$ select public.checkout('split', delivery_option_id => tests.id('Post')::text,
       items => jsonb_build_array(tests.goods('100', 4))::text,
       address => '{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE"}') $$,
    'PT409', 'OIL-100: only 2 left.', 'an order comes from one store'
);
select tests.act_as_owner();
update commerce.delivery_options set can_split = true where id = tests.id('Post');
select tests.act_as('ada');
select lives_ok(
    $$ select tests.keep('split', public.checkout('split', delivery_option_id => tests.id('Post')::text,
       items => jsonb_build_array(tests.goods('100', 4))::text,
       address => '{"name": "Ada", "line1": "Weg 1", "city": "Berlin", "country": "DE"}')) $$,
    'unless the business lets it come from several'
);
select results_eq(
    $$ select store_id, quantity from public.order_items
       where order_id = tests.kept('split', '{orders,0,id}')::uuid order by quantity, store_id = tests.id('Nord') $$,
    $$ values (tests.id('Mitte'), 2), (tests.id('Nord'), 2) $$,
    'then each store sends what it has'
);

-- A guest buys at once
select tests.act_as_anon();
select throws_ok(
    $$ select public.checkout('short', items => jsonb_build_array(tests.goods('Comb'))::text,
       contact => '{"email": "gast@example.com"}') $$,
    'PT400', null, 'a guest''s key is one that nobody guesses'
);
select throws_ok(
    $$ select public.checkout(repeat('x', 32), items => jsonb_build_array(tests.goods('Comb'))::text) $$,
    'PT400', 'contact.email is required without a user.', 'a guest says who they are'
);
select is(
    public.checkout(repeat('x', 32), items => jsonb_build_array(tests.goods('Comb'))::text,
        contact => '{"email": "gast@example.com", "name": "Gast"}') #>> '{basket,total_minor}',
    '700', 'and buys without an account'
);

-- A seller that is closed
select tests.act_as_owner();
insert into business.closures (business_id, starts_on, ends_on)
values (tests.id('Salon'), '2031-05-05', '2031-05-07');
select tests.act_as('ada');
select throws_ok(
    $$ select public.checkout('closed', items => jsonb_build_array(tests.goods('Comb'))::text) $$,
    'PT422', 'Salon is closed until 2031-05-07.', 'a business that is closed sells no goods'
);

-- The ledger of stock agrees
select tests.act_as_owner();
select is_empty(
    $$ select stock_levels.variant_id from commerce.stock_levels
       left join commerce.stock_movements using (business_id, store_id, variant_id)
       group by stock_levels.business_id, stock_levels.store_id, stock_levels.variant_id
       having stock_levels.on_hand <> coalesce(sum(stock_movements.quantity), 0) $$,
    'levels are the sums of their movements'
);

select * from finish();
rollback;
