-- A shop recommends what goes together, never what nobody can have.
begin;
select plan(27);

-- Given a shop with six products in stock, a service, and orders of three customers
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,bob,cem,dora}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.service('Repair', 'Shop', 60, 5000);
select tests.named(called)
from unnest('{Lighting,Lamp,Bulb,Cable,Lantern,Torch,Secret,Store}'::text[]) as called;
insert into catalog.product_categories (id, business_id, name, slug)
values (tests.id('Lighting'), tests.id('Shop'), 'Lighting', 'lighting');
insert into catalog.products (id, business_id, category_id, name, slug, currency, is_published, access)
select
    tests.id(name), tests.id('Shop'), case when name <> 'Cable' then tests.id('Lighting') end, name,
    lower(name), 'EUR', true, case when name = 'Secret' then 'gold' end
from unnest('{Lamp,Bulb,Cable,Lantern,Torch,Secret}'::text[]) as goods (name);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
select tests.id(name), tests.id('Shop'), tests.id(name), name, 1000
from unnest('{Lamp,Bulb,Cable,Lantern,Torch,Secret}'::text[]) as goods (name);
insert into business.stores (id, business_id, name)
values (tests.id('Store'), tests.id('Shop'), 'Store');
insert into commerce.stock_levels (business_id, store_id, variant_id)
select tests.id('Shop'), tests.id('Store'), tests.id(name)
from unnest('{Lamp,Bulb,Cable,Lantern,Torch,Secret}'::text[]) as goods (name);
insert into commerce.stock_movements (business_id, store_id, variant_id, quantity, reason, at)
select tests.id('Shop'), tests.id('Store'), tests.id(name), 100, 'received', private.now()
from unnest('{Lamp,Bulb,Cable,Lantern,Secret}'::text[]) as goods (name);

create function tests.bought(called text, customer text, goods text[], days_ago integer default 1)
returns void
language plpgsql
as $$
begin
    perform tests.named(called);
    set local session_replication_role = replica;
    insert into sales.sales (id, business_id, currency, placed_at)
    values (tests.id(called), tests.id('Shop'), 'EUR', private.now());
    insert into sales.sale_lines (
        id, business_id, sale_id, position, revision, kind, name, quantity, unit_minor, amount_minor
    )
    select
        md5(called || name)::uuid, tests.id('Shop'), tests.id(called), position, 0,
        'product', name, 1, 1000, 1000
    from unnest(goods) with ordinality as line (name, position);
    insert into commerce.orders (
        id, business_id, sale_id, customer_id, reference, status, delivery_kind, placed_at
    )
    values (
        tests.id(called), tests.id('Shop'), tests.id(called), tests.id(customer), called, 'delivered',
        'delivery', private.now() - make_interval(days => days_ago)
    );
    insert into commerce.order_items (
        id, business_id, order_id, sale_line_id, variant_id, store_id, sku, name, quantity
    )
    select
        md5(called || name)::uuid, tests.id('Shop'), tests.id(called), md5(called || name)::uuid,
        tests.id(name), tests.id('Store'), name, name, 1
    from unnest(goods) as name;
    set local session_replication_role = origin;
end;
$$;
select tests.bought('first', 'ann', '{Lamp,Bulb}');
select tests.bought('second', 'bob', '{Lamp,Bulb,Torch,Secret}');
select tests.bought('third', 'cem', '{Lamp,Cable}', 30);
select tests.bought('old', 'cem', '{Lamp,Lantern}', 100);
select search.count_sales();

create function tests.recommended(kind text, "for" text default null)
returns text
language sql
as $$
    select coalesce(string_agg(name, ', '), '') from public.recommend(kind, "for")
$$;

-- Bought together
select tests.act_as_anon();
select is(
    tests.recommended('bought_together', tests.id('Lamp')::text), 'Bulb, Cable',
    'What is bought together comes in the order of strength, without what is out of stock or hidden'
);
select is(
    tests.recommended('bought_together', tests.id('Lantern')::text), '',
    'Orders before the window are not counted'
);
select tests.act_as('ann');
select is(
    tests.recommended('bought_together', tests.id('Lamp')::text), 'Cable',
    'What the customer has is left out'
);
select tests.act_as_anon();

-- Popular and trending
select is(
    tests.recommended('popular'), 'Lamp, Bulb, Cable', 'What sold most is popular'
);
select is(
    (select array_agg(name order by name) from public.recommend('trending')), '{Bulb,Lamp}',
    'What sold in the last two weeks is trending'
);

-- Similar
select is(
    tests.recommended('similar', tests.id('Lamp')::text) like any('{"%Bulb%"}'), true,
    'What has the category in common is similar'
);
select is(
    tests.recommended('similar', tests.id('Lamp')::text) like any('{"%Cable%","%Torch%","%Secret%"}'),
    false, 'What has no category in common, is out of stock or hidden is not'
);

-- Again and personal
select is(tests.recommended('again'), '', 'Nobody without an account had anything before');
select is(tests.recommended('personal'), 'Lamp, Bulb, Cable', 'They get what is popular');
select tests.act_as('ann');
select is(
    (select array_agg(name order by name) from public.recommend('again')), '{Bulb,Lamp}',
    'A customer buys again what they had'
);
select is(
    (select array_agg(reason || ' ' || name) from public.recommend('personal')), '{personal Cable}',
    'A customer gets what goes with what they have'
);
select tests.act_as('cem');
select is(
    tests.recommended('personal'), 'Bulb', 'Another customer gets something else'
);
select tests.act_as('dora');
select is(
    (select array_agg(reason || ' ' || name) from public.recommend('personal')),
    '{popular Lamp,popular Bulb,popular Cable}', 'Somebody new gets what is popular'
);

-- Consent
select tests.act_as_owner();
insert into crm.consent_purposes (business_id, key, wording)
values (tests.id('Shop'), 'recommendations', 'May we use what you bought?');
select tests.act_as('ann');
select is(
    (select array_agg(reason || ' ' || name) from public.recommend('personal')), '{popular Cable}',
    'Without the consent that a shop asks for, what was bought is not used'
);
select tests.act_as_owner();
insert into crm.consents (business_id, user_id, purpose, is_given, source, at)
values (tests.id('Shop'), tests.id('ann'), 'recommendations', true, 'app', private.now());
select tests.act_as('ann');
select is(
    (select array_agg(reason || ' ' || name) from public.recommend('personal')), '{personal Cable}',
    'With it, it is'
);
select tests.act_as_owner();
insert into crm.consents (business_id, user_id, purpose, is_given, source, at)
values (
    tests.id('Shop'), tests.id('ann'), 'recommendations', false, 'app', private.now() + interval '1 second'
);
select tests.act_as('ann');
select is(
    (select array_agg(reason || ' ' || name) from public.recommend('personal')), '{popular Cable}',
    'A consent can be taken back'
);

-- What comes back
select tests.act_as_owner();
update commerce.order_items set shipped_quantity = 1 where sku = 'Bulb';
update commerce.order_items set returned_quantity = 1 where sku = 'Bulb';
select search.count_sales();
select tests.act_as_anon();
select is(
    tests.recommended('bought_together', tests.id('Lamp')::text), 'Cable',
    'What was returned is no longer bought together'
);
select is(tests.recommended('popular'), 'Lamp, Cable', 'Nor is it popular');
select tests.act_as_owner();
select tests.act_as('ann');
select is(tests.recommended('again'), 'Lamp', 'What was returned is not bought again');

-- What nobody can have
select tests.act_as_owner();
update catalog.products set is_published = false where id = tests.id('Cable');
select is(
    tests.recommended('bought_together', tests.id('Lamp')::text), '',
    'What is no longer published is not recommended, before the next count'
);
update catalog.products set is_published = true where id = tests.id('Cable');
update business.businesses set status = 'suspended' where id = tests.id('Shop');
select is(tests.recommended('popular'), '', 'Nothing of a suspended business is recommended');
update business.businesses set status = 'approved' where id = tests.id('Shop');
select is(
    public.search('lamp', explain => 'true') #> '{results,0,explanation,popularity}' > '0', true,
    'What sold counts in the order of a search'
);


-- What was given back
set local session_replication_role = replica;
insert into money.refunds (
    id, business_id, payment_id, currency, amount_minor, status, reason, finished_at
)
values (
    tests.named('refund'), tests.id('Shop'), gen_random_uuid(), 'EUR', 1000, 'succeeded', 'Broken',
    private.now()
);
insert into money.refund_lines (business_id, refund_id, sale_line_id, amount_minor)
values (tests.id('Shop'), tests.id('refund'), md5('thirdCable')::uuid, 1000);
set local session_replication_role = origin;
select search.count_sales();
select is(
    tests.recommended('bought_together', tests.id('Lamp')::text), '',
    'What was refunded is no longer bought together'
);

-- Bad calls
select throws_like($$select public.recommend('best')$$, 'kind %', 'An unknown kind is refused');
select throws_like($$select public.recommend('similar')$$, 'for %', 'Similar to what?');
select throws_like($$select public.recommend('popular', 'x')$$, 'for %', 'A bad id is refused');
select is(
    tests.recommended('similar', gen_random_uuid()::text), '', 'Nothing is similar to nothing'
);

select * from finish();
rollback;
