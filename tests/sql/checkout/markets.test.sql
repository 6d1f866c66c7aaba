-- A shop in Germany sells to Switzerland in francs: the buyer's country says in which currency, by
-- which post and in which language.
begin;
select plan(24);

-- Given a shop with oil for 10.00 EUR, or 11.00 CHF by a list, and a post for each of both places
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,stranger,customer}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Mitte,Oil,oil,Swiss,Post,La Poste,CH}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published)
values (tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true);
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor)
values (tests.id('oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 1000);
insert into pricing.price_lists (id, business_id, name, currency)
values (tests.id('Swiss'), tests.id('Shop'), 'Swiss', 'CHF');
insert into pricing.price_list_items (business_id, price_list_id, variant_id, unit_minor)
values (tests.id('Shop'), tests.id('Swiss'), tests.id('oil'), 1100);
insert into commerce.delivery_options (
    id, business_id, name, kind, currency, regions, postal_prefixes, min_amount_minor, price_minor
)
values
(tests.id('Post'), tests.id('Shop'), 'Post', 'delivery', 'EUR', '{DE,AT}', '{1}', 0, 500),
(tests.id('La Poste'), tests.id('Shop'), 'La Poste', 'delivery', 'CHF', '{CH}', '{}', 1, 900);
insert into money.providers (name, is_online, is_enabled) values ('sandbox', true, true)
on conflict (name) do update set is_enabled = true;
create function tests.market(region text) returns text
language sql volatile security invoker set search_path = ''
as $$
    select concat_ws(' ', coalesce(answer ->> 'name', 'none'), answer ->> 'currency', answer ->> 'locale')
    from public.market_of(tests.id('Shop')::text, region) as answer
$$;
create function tests.oil() returns text
language sql volatile security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object('variant_id', tests.id('oil')))::text $$;
create function tests.price(region text, currency text default null) returns text
language sql volatile security invoker set search_path = ''
as $$
    select concat_ws(' ', answer ->> 'total_minor', answer ->> 'currency')
    from public.quote(tests.oil(), region => price.region, currency => price.currency) as answer
$$;
grant execute on all functions in schema tests to anon, authenticated;
select tests.act_as('owner');
select public.adjust_stock(tests.id('Mitte')::text, tests.id('oil')::text, '9', 'received');
insert into public.payment_ranges (business_id, provider, currency)
values (tests.id('Shop'), 'sandbox', 'EUR');

-- Who writes them
select is(tests.market('CH'), 'none EUR en', 'a business without markets sells as it does at home');
select lives_ok(
    $$ insert into public.markets (id, business_id, name, regions, currency, locale) values
       (tests.id('CH'), tests.id('Shop'), 'Switzerland', '{CH}', 'CHF', 'de-CH') $$,
    'the owner makes a market'
);
insert into public.markets (business_id, name, regions, currency, locale, position) values
(tests.id('Shop'), 'Germany', '{DE,AT}', 'EUR', 'de', 2),
(tests.id('Shop'), 'Bavaria', '{DE-BY}', 'EUR', 'de-DE', 3),
(tests.id('Shop'), 'World', '{}', 'USD', 'fr', 1),
(tests.id('Shop'), 'Ticino', '{CH-TI}', 'CHF', 'it', 4);
update public.markets set is_active = false where name = 'Ticino';
select throws_ok(
    $$ insert into public.markets (business_id, name, regions, currency, locale)
       values (tests.id('Shop'), 'Odd', '{Mars}', 'EUR', 'de') $$,
    'PT400', 'regions must be ISO 3166 codes, such as DE or DE-BY.', 'of countries that there are'
);
select tests.act_as('ann');
select is((select count(*) from public.markets), 5::bigint, 'staff read them');
select is_empty(
    $$ with changed as (update public.markets set position = 9 returning id)
       select * from changed $$,
    'and do not change them'
);
select tests.act_as('stranger');
select throws_ok(
    $$ insert into public.markets (business_id, name, currency, locale)
       values (tests.id('Shop'), 'Mine', 'EUR', 'de') $$,
    'PT403', null, 'nor does another business'
);

-- Which one it is
select tests.act_as_anon();
select is((select count(*) from public.markets), 4::bigint, 'everybody reads those that count');
select is(tests.market('CH'), 'Switzerland CHF de-CH', 'Switzerland has its own');
select is(tests.market('DE-BY'), 'Bavaria EUR de-DE', 'a part of a country before the country');
select is(tests.market('DE-BE'), 'Germany EUR de', 'else the country');
select is(tests.market('CH-TI'), 'Switzerland CHF de-CH', 'one that is off does not count');
select is(tests.market('FR'), 'World USD fr', 'everybody else is in the world');
select is(
    public.market_of(tests.id('Shop')::text, 'CH') #>> '{delivery_options,0,name}', 'La Poste',
    'it says by which post'
);
select is(
    public.market_of(tests.id('Shop')::text, 'AT') -> 'delivery_options',
    jsonb_build_array(jsonb_build_object(
        'id', tests.id('Post'), 'name', 'Post', 'kind', 'delivery', 'store_id', null,
        'price_minor', 500, 'free_from_minor', null
    )),
    'whatever the weight, the amount and the postal code will be'
);
select results_eq(
    $$ select region, public.market_of(tests.id('Shop')::text, region) -> 'payment_providers' ? 'sandbox'
       from unnest('{CH,DE}'::text[]) as region $$,
    $$ values ('CH', false), ('DE', true) $$,
    'and by which providers somebody pays in its currency'
);
select throws_ok(
    $$ select public.market_of(tests.id('Shop')::text, 'Mars') $$, 'PT400', null,
    'a place must be one'
);
select throws_ok(
    $$ select public.market_of(gen_random_uuid()::text, 'CH') $$, 'PT404',
    'There is no such business.', 'and so must a business'
);

-- What follows from it
select is(tests.price('CH'), '1100 CHF', 'a quote for Switzerland is in francs');
select is(tests.price('DE'), '1000 EUR', 'one for Germany in euros');
select is(tests.price('CH', 'EUR'), '1000 EUR', 'and whoever names a currency gets it');
select is(
    public.add_to_cart(
        (tests.oil()::jsonb -> 0)::text, region => 'CH'
    ) #>> '{currency}', 'CHF', 'so is a cart that begins there'
);
create temporary table bought as
select public.checkout(
    repeat('k', 32), items => tests.oil(), contact => '{"email": "gus@example.com"}',
    address => '{"name": "Gus", "line1": "Weg 1", "city": "Bern", "country": "CH"}',
    delivery_option_id => tests.id('La Poste')::text
) as answer;
grant select on bought to public;
select is(
    (select answer #>> '{basket,currency}' from bought), 'CHF',
    'whoever buys at once pays in the currency of the address'
);
select throws_ok(
    $$ select public.checkout(
        repeat('l', 32), items => tests.oil(), contact => '{"email": "gus@example.com"}',
        address => '{"name": "Gus", "line1": "Weg 1", "city": "Bern", "country": "CH"}',
        delivery_option_id => tests.id('Post')::text) $$,
    'PT422', 'These goods cannot be delivered this way to this place.',
    'and not by the post of another market'
);
select tests.act_as_owner();
select is(
    (select readers.locale from commerce.orders cross join lateral commerce.order_readers(
        array[(1, orders.id, '{}')]::private.subject_message[], 'customer') as readers),
    'de-CH', 'and is written to in its language'
);

select * from finish();
rollback;
