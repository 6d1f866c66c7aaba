-- A customer looks for what a shop sells: filters, orders and pages.
begin;
select plan(22);

-- Given a shop with clothes and shirts below them, and a hidden draft
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Closed', 'stranger');
update business.businesses set status = 'suspended' where id = tests.id('Closed');
select tests.named(called)
from unnest('{Clothes,Shirts,Acme,Mitte,Nord,Cap,Polo,Tee,Vest,Draft,Set}'::text[]) as called;
insert into catalog.product_categories (id, business_id, parent_id, name, slug) values
(tests.id('Clothes'), tests.id('Shop'), null, 'Clothes', 'clothes'),
(tests.id('Shirts'), tests.id('Shop'), tests.id('Clothes'), 'Shirts', 'shirts');
insert into catalog.brands (id, business_id, name, slug)
values (tests.id('Acme'), tests.id('Shop'), 'Acme', 'acme');
insert into catalog.product_attributes (business_id, key, name, kind, choices) values
(tests.id('Shop'), 'colour', 'Colour', 'choice', '{red,blue}'),
(tests.id('Shop'), 'length', 'Length', 'number', '{}');
insert into catalog.products
(id, business_id, category_id, brand_id, name, slug, currency, is_published, attributes, created_at)
select
    tests.id(goods.name), tests.id('Shop'), tests.id(goods.category),
    case when goods.brand is not null then tests.id(goods.brand) end, goods.name,
    lower(goods.name), goods.currency, goods.name <> 'Draft', goods.attributes,
    '2031-01-01T00:00:00Z'::timestamptz + make_interval(days => goods.day)
from (
    values
    ('Cap', 'Clothes', null, 'EUR', '{"colour": "red"}'::jsonb, 5),
    ('Polo', 'Shirts', 'Acme', 'EUR', '{"colour": "blue", "length": 70}', 4),
    ('Tee', 'Shirts', 'Acme', 'EUR', '{"colour": "red", "length": 65.5}', 3),
    ('Vest', 'Clothes', null, 'USD', '{}', 2),
    ('Draft', 'Shirts', null, 'EUR', '{"colour": "red"}', 1),
    ('Set', 'Clothes', null, 'EUR', '{}', 6)
) as goods (name, category, brand, currency, attributes, day);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
select tests.id(prices.name), tests.id('Shop'), tests.id(prices.name), prices.name, prices.price
from (
    values ('Cap', 900), ('Polo', 3000), ('Tee', 1500), ('Vest', 10), ('Draft', 1), ('Set', 4000)
) as prices (name, price);
insert into catalog.bundle_items (business_id, bundle_variant_id, variant_id) values
(tests.id('Shop'), tests.id('Set'), tests.id('Polo')),
(tests.id('Shop'), tests.id('Set'), tests.id('Tee'));
insert into business.stores (id, business_id, name) values
(tests.id('Mitte'), tests.id('Shop'), 'Mitte'), (tests.id('Nord'), tests.id('Shop'), 'Nord');
insert into commerce.stock_levels (business_id, store_id, variant_id) values
(tests.id('Shop'), tests.id('Mitte'), tests.id('Polo')),
(tests.id('Shop'), tests.id('Nord'), tests.id('Tee'));
insert into commerce.stock_movements (business_id, store_id, variant_id, quantity, reason, at) values
(tests.id('Shop'), tests.id('Mitte'), tests.id('Polo'), 1, 'received', private.now()),
(tests.id('Shop'), tests.id('Nord'), tests.id('Tee'), 1, 'received', private.now());
create function tests.listed(
    filters text default null, sort text default null, after text default null, size text default null
)
returns text
language sql
as $$
    select string_agg(listed.name, ' ')
    from public.list_products(tests.id('Shop')::text, filters, sort, after, size) as listed
$$;
grant execute on function tests.listed(text, text, text, text) to anon;

select tests.act_as_anon();
select is(tests.listed(), 'Cap Polo Set Tee Vest', 'everyone lists what is published, by name');
select is(
    tests.listed(format('{"category_id": "%s"}', tests.id('Clothes'))), 'Cap Polo Set Tee Vest',
    'a category has what the categories below it have'
);
select is(
    tests.listed(format('{"category_id": "%s"}', tests.id('Shirts'))), 'Polo Tee',
    'a category below has its own'
);
select is(
    tests.listed(format('{"brand_ids": ["%s"]}', tests.id('Acme')), 'newest'), 'Polo Tee',
    'a brand, from the newest'
);
select is(tests.listed(sort => 'price'), 'Cap Tee Polo Set', 'the cheapest first, in one currency');
select is(
    tests.listed('{"currency": "USD"}', 'price_descending'), 'Vest', 'in the other currency'
);
select is(
    tests.listed('{"min_price_minor": 1000, "max_price_minor": 3000}', 'price_descending'),
    'Polo Tee', 'between two prices, the dearest first'
);
select is(tests.listed('{"attributes": {"colour": "red"}}'), 'Cap Tee', 'of a colour');
select is(
    tests.listed('{"attributes": {"colour": ["red", "blue"], "length": {"max": 66}}}'), 'Tee',
    'of one of some colours, and not too long'
);
select is(tests.listed('{"in_stock": true}'), 'Polo Set Tee', 'what can be had, bundles included');
select is(
    tests.listed(format('{"in_stock": true, "store_id": "%s"}', tests.id('Nord'))), 'Tee',
    'a bundle is in a store that has everything that it contains'
);
select is(
    tests.listed(sort => 'price', after => tests.id('Cap')::text, size => '2'), 'Tee Polo',
    'the next page begins after the last product'
);
select is(
    tests.listed(sort => 'newest', after => tests.id('Polo')::text), 'Tee Vest',
    'so does one from the newest'
);
select throws_ok(
    $$ select tests.listed(sort => 'random') $$,
    'PT400', 'sort must be name, price, price_descending or newest.', 'an unknown order is refused'
);
select throws_ok(
    $$ select tests.listed('{"color": "red"}') $$, 'PT400', null, 'an unknown filter is refused'
);
select throws_ok(
    $$ select tests.listed(after => tests.id('Draft')::text) $$,
    'PT400', 'after must be the id of a product of the list.',
    'a page begins after a product that the caller sees'
);
select throws_ok(
    $$ select * from public.list_products(tests.id('Closed')::text) $$,
    'PT404', null, 'a business that is not open lists nothing'
);

-- However many products there are, a page is read from an index
select tests.act_as_owner();
set local session_replication_role = replica;
insert into catalog.products (
    business_id, category_id, brand_id, name, slug, currency, is_published, attributes,
    lowest_price_minor, created_at
)
select
    tests.id('Shop'), tests.id('Clothes'), tests.id('Acme'), 'Sock ' || n, 'sock-' || n, 'EUR', true,
    jsonb_build_object('colour', case when n % 500 = 0 then 'green' else 'red' end), n,
    '2030-01-01T00:00:00Z'::timestamptz + make_interval(mins => n)
from generate_series(1, 5000) as n;
set local session_replication_role = origin;
analyze catalog.products;
create function tests.plan_of(filters jsonb, sort text)
returns text
language plpgsql
as $$
declare
    v_criteria commerce.product_criteria = commerce.paged(
        commerce.to_product_criteria(tests.id('Shop'), filters), sort, tests.id('Cap'), 50
    );
    v_line text;
    v_plan text = '';
begin
    for v_line in execute 'explain ' || commerce.product_query(v_criteria) using v_criteria loop
        v_plan = v_plan || v_line || E'\n';
    end loop;
    return v_plan;
end;
$$;
select matches(tests.plan_of('{}', 'name'), 'using products_listed_by_name_idx', 'by name');
select matches(tests.plan_of('{}', 'price'), 'using products_listed_by_price_idx', 'by price');
select matches(
    tests.plan_of('{}', 'price_descending'), 'Backward using products_listed_by_price_idx',
    'the dearest first'
);
select matches(
    tests.plan_of('{}', 'newest'), 'Backward using products_listed_by_age_idx', 'from the newest'
);
select matches(
    tests.plan_of('{"attributes": {"colour": "green"}}', 'name'), 'on products_attributes_idx',
    'of a rare colour'
);
select * from finish();
rollback;
