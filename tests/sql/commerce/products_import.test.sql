-- A shop sends its whole range at once: products, variants, options and attributes.
begin;
select plan(25);

-- Given a shop with a category, a brand and an attribute
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,manager,ann,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('manager', 'Shop', 'manager');
select tests.member('ann', 'Shop', 'staff');
insert into catalog.product_categories (business_id, name, slug)
values (tests.id('Shop'), 'Shirts', 'shirts');
insert into catalog.brands (business_id, name, slug) values (tests.id('Shop'), 'Acme', 'acme');
insert into catalog.product_attributes (business_id, key, name, kind)
values (tests.id('Shop'), 'length', 'Length', 'number'), (tests.id('Shop'), 'note', 'Note', 'text');
insert into business.stores (business_id, name) values (tests.id('Shop'), 'Mitte');
create function tests.bulk(rows text, mode text default 'all_or_nothing')
returns text
language sql
as $$
    select string_agg(
        concat_ws(' ', row.item ->> 'row', row.item ->> 'outcome', row.item ->> 'token', row.item ->> 'message'),
        ', ' order by row.position
    )
    from jsonb_array_elements(
        public.bulk_upsert_products(tests.id('Shop')::text, rows, mode) -> 'rows'
    ) with ordinality as row (item, position)
$$;
grant execute on function tests.bulk(text, text) to anon, authenticated;

-- New ones
select tests.act_as('manager');
select is(
    tests.bulk(
        '[{"product": "polo", "name": "Polo", "category": "shirts", "brand": "acme",
           "is_published": true, "attributes": {"length": "71.5", "note": "12"},
           "sku": "P-M", "options": {"Size": "M", "Colour": "red"}, "price_minor": 2500,
           "alert_threshold": 3},
          {"product": "polo", "sku": "P-L", "options": {"Size": "L", "Colour": "red"},
           "price_minor": "2700", "weight_grams": 300},
          {"product": "cap", "name": "Cap", "sku": "CAP", "price_minor": 900, "barcode": "400-1"},
          {"product": "box", "name": "Box"}]'
    ),
    '1 created, 2 created, 3 created, 4 created', 'a manager adds products and their variants'
);
select results_eq(
    $$ select slug, name, lowest_price_minor, highest_price_minor, attributes from public.products order by slug $$,
    $$ values ('box', 'Box', null::bigint, null::bigint, '{}'::jsonb), ('cap', 'Cap', 900, 900, '{}'),
       ('polo', 'Polo', 2500, 2700, '{"length": 71.5, "note": "12"}') $$,
    'numbers are read from texts where the attribute is a number'
);
select results_eq(
    $$ select name, allowed_values from public.product_options order by position $$,
    $$ values ('Size', '{M,L}'::text[]), ('Colour', '{red}') $$,
    'the product has the options of its rows'
);
select is(
    (select alert_threshold from public.inventory_levels), 3, 'each store is alerted at a level'
);

-- The same again
select is(
    tests.bulk(
        '[{"product": "polo", "name": "Polo", "category": "shirts", "sku": "P-M",
           "options": {"Size": "M", "Colour": "red"}, "price_minor": 2500},
          {"product": "cap", "sku": "CAP", "price_minor": 950},
          {"product": "box", "name": "Big box"}]'
    ),
    '1 unchanged, 2 updated, 3 updated', 'what is sent again changes nothing'
);
select results_eq(
    $$ select price_minor, barcode from public.product_variants where sku = 'CAP' $$,
    $$ values (950::bigint, '400-1') $$, 'what is left out stays'
);
select is(
    tests.bulk('[{"product": "cap", "sku": "CAP", "barcode": null}]'), '1 updated',
    'a null takes a value away'
);
select is(
    (select barcode from public.product_variants where sku = 'CAP'), null, 'and it is gone'
);
select is(
    tests.bulk(
        '[{"product": "polo", "sku": "P-S", "options": {"Size": "S", "Colour": "red"}, "price_minor": 1}]'
    ),
    '1 created', 'a variant with a new size is added'
);
select is(
    (select allowed_values from public.product_options where name = 'Size'), '{M,L,S}',
    'and the option allows it'
);

-- What is refused, row by row
select is(
    tests.bulk(
        '[{"product": "hat", "name": "Hat", "sku": "HAT", "price_minor": 100},
          {"product": "sock", "name": "Sock", "sku": "SOCK", "price_minor": -1},
          {"product": "vest", "name": "Vest", "sku": "CAP", "price_minor": 100},
          {"product": "tie", "name": "Tie", "category": "ties", "sku": "TIE", "price_minor": 1},
          {"product": "belt", "name": "Belt", "sku": "BELT", "price_minor": 100},
          {"product": "shoe", "name": "Shoe", "sku": "SHOE"},
          {"product": "polo", "attributes": {"length": "long"}},
          {"product": "A B", "name": "Bad"},
          {"product": "bow", "name": "Bow", "currency": "XXQ"},
          {"product": "polo", "sku": "P-M2", "options": {"Size": "M", "Colour": "red"}, "price_minor": 1},
          {"product": "pin"}]', 'report'
    ),
    '1 created, '
    '2 refused invalid_input price_minor must be from 0 to 1000000000000 minor units., '
    '3 refused already_exists A variant of another product has the SKU CAP., '
    '4 refused not_found There is no category ties., '
    '5 created, '
    '6 refused invalid_input price_minor is required., '
    '7 refused invalid_input attributes.length must be a number., '
    '8 refused invalid_input slug must be lower-case words joined by hyphens., '
    '9 refused not_found currency refers to a row that does not exist., '
    '10 refused already_exists A row with this product_id, options already exists., '
    '11 refused invalid_input name is required.',
    'a report says of each row what became of it'
);
select is(
    (select string_agg(slug, ' ' order by slug) from public.products), 'belt box cap hat polo',
    'a refused row leaves nothing, the others stand'
);
select throws_ok(
    $$ select tests.bulk(
        '[{"product": "scarf", "name": "Scarf", "sku": "SCARF", "price_minor": 100},
          {"product": "polo", "sku": "P-XL", "options": {"Size": "XL"}, "price_minor": 100}]'
    ) $$,
    'PT400', 'Row 2: options must have one of the allowed values for each option of the product.',
    'all or nothing names the first row that is refused'
);
select is(
    (select count(*)::integer from public.products where slug = 'scarf'), 0,
    'and changes nothing'
);
select is(
    tests.bulk('[{"product": "cap", "sku": "CAP"}, {"product": "cap", "sku": "CAP"}]', 'report'),
    '1 unchanged, 2 refused invalid_input sku must stand in one row only.',
    'a SKU stands in one row'
);
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "price": 1}]', 'report') $$,
    'PT400', null, 'an unknown column is refused'
);
select throws_ok(
    $$ select tests.bulk('[{"name": "Cap"}]') $$, 'PT400', 'Row 1: product is required.',
    'a row names its product'
);
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "is_published": "perhaps"}]') $$,
    'PT400', 'Row 1: is_published must be true or false.', 'yes or no is true or false'
);
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "sku": "CAP", "options": ["M"]}]') $$,
    'PT400', 'Row 1: options must be a JSON object.', 'options are an object'
);
select throws_ok(
    $$ select tests.bulk('[]', 'maybe') $$,
    'PT400', 'mode must be all_or_nothing or report.', 'there are two modes'
);
select is(tests.bulk('[]'), null, 'no rows are no change');

-- Who may
select tests.act_as('ann');
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "name": "Cup"}]') $$, 'PT403', null,
    'staff change no products'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "name": "Cup"}]') $$, 'PT403', null,
    'strangers change no products'
);
select tests.act_as_anon();
select throws_ok(
    $$ select tests.bulk('[{"product": "cap", "name": "Cup"}]') $$, 'PT401', null,
    'nobody changes products without signing in'
);
select tests.act_as_owner();
select is(
    (select name from catalog.products where slug = 'cap'), 'Cap', 'the cap is still a cap'
);
select * from finish();
rollback;
