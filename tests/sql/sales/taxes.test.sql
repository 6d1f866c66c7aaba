-- The tax of what is sold: with the sale, and with each revision, whose parts add up to the whole.
begin;
select plan(45);

select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.person('firm');
select tests.business('Salon', 'owner');
select tests.business('Barber', 'owner', 'America/New_York', 'USD');
select tests.business('Clinic', 'owner', 'Asia/Kolkata', 'INR');
select tests.business('Onsen', 'owner', 'Asia/Tokyo', 'JPY');
update business.businesses set country = 'US' where id = tests.id('Barber');
update business.businesses set country = 'IN' where id = tests.id('Clinic');
update business.businesses set country = 'JP' where id = tests.id('Onsen');

create function tests.offer(called text, offered_by text, price bigint, class text default 'standard')
returns void language plpgsql as $$
declare
    v_id uuid = tests.service(called, offered_by, 60, price);
begin
    if not exists (select 1 from tests.names where name = offered_by || ' staff') then
        perform tests.resource(offered_by || ' staff', offered_by);
        perform tests.hours(offered_by, '00:00', '23:00');
    end if;
    perform tests.takes(called, offered_by || ' staff');
    update catalog.services set tax_class = class where id = v_id;
end;
$$;
select tests.offer('Cut', 'Salon', 5000);
select tests.offer('Book', 'Salon', 1070, 'reduced');
select tests.offer('Massage', 'Salon', 4000, 'exempt');
select tests.offer('Shave', 'Barber', 1999);
select tests.offer('Trim', 'Barber', 1001);
select tests.offer('Check-up', 'Clinic', 10005);
select tests.offer('Bath', 'Onsen', 1595);
select tests.offer('Milk', 'Onsen', 7398, 'reduced');

create sequence tests.days;
create function tests.next_start() returns text
language sql volatile security definer set search_path = ''
as $$
    select to_char(
        '2031-03-10 10:00'::timestamp + nextval('tests.days') * interval '1 day',
        'YYYY-MM-DD"T"HH24:MI:SS"Z"'
    )
$$;
create function tests.book(called text, chosen text[]) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_id uuid;
begin
    select id into v_id from public.book_many(
        (select business_id::text from public.services where id = tests.id(chosen[1])),
        (
            select jsonb_agg(jsonb_build_object('service_id', tests.id(service)))::text
            from unnest(chosen) as service
        ),
        starts_at => tests.next_start()
    );
    perform tests.note(called, v_id);
end;
$$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.revision_taxes(called text, of_revision integer) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(
        concat_ws(' ', component, rate_bps, base_minor, tax_minor), ', '
        order by component, rate_bps desc
    )
    from sales.sale_taxes
    where sale_id = tests.sale_of(called) and revision = of_revision
$$;
create function tests.owed(called text) returns bigint
language sql stable security invoker set search_path = ''
as $$ select owed_minor from public.sales where id = tests.sale_of(called) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- A business that is not registered taxes nothing
select tests.act_as('customer');
select tests.book('untaxed', '{Cut}');
select is(tests.revision_taxes('untaxed', 0), 'none 0 5000 0', 'without tax settings nothing is taxed');

-- It registers
select tests.act_as('owner');
select lives_ok(
    $$ insert into public.tax_settings (business_id)
       select tests.id(name) from unnest('{Salon,Clinic,Onsen}'::text[]) as name $$,
    'owners register their businesses for tax'
);
insert into public.tax_settings (business_id, region) values (tests.id('Barber'), 'US-NY');
select throws_ok(
    $$ update public.tax_settings set rounding_unit = 'line' where business_id = tests.id('Onsen') $$,
    'PT422', 'In JP tax is rounded by rate, and down or up or half_up.',
    'where the law leaves no choice there is none'
);
select lives_ok(
    $$ update public.tax_settings set rounding_mode = 'up' where business_id = tests.id('Onsen') $$,
    'where it leaves one, the seller chooses'
);
update public.tax_settings set rounding_mode = null where business_id = tests.id('Onsen');
select throws_ok(
    $$ update public.tax_settings set region = 'Bavaria' where business_id = tests.id('Salon') $$,
    'PT400', null, 'a region is a code'
);
select tests.act_as('customer');
select throws_ok(
    $$ insert into public.tax_settings (business_id) values (tests.id('Salon')) $$,
    'PT403', null, 'a customer does not'
);

-- Prices in Germany include the tax
select tests.book('booked', '{Cut,Book,Massage}');
select is(
    tests.revision_taxes('booked', 0), 'exempt 0 4000 0, vat 1900 4202 798, vat 700 1000 70',
    'each rate has a row, and what is exempt has one'
);
select is(tests.owed('booked'), 10070::bigint, 'what is owed is the price');
select results_eq(
    $$ select position::integer, tax_minor, tax_is_included from public.sale_lines
       where sale_id = tests.sale_of('booked') order by position $$,
    $$ values (1, 798::bigint, true), (2, 70, true), (3, 0, true) $$,
    'each line has its share'
);
select results_eq(
    $$ select sale_lines.position::integer, component, rate_bps, base_minor, sale_line_taxes.tax_minor, jurisdiction
       from public.sale_line_taxes
       inner join public.sale_lines on sale_lines.id = sale_line_id
       where sale_id = tests.sale_of('booked') order by sale_lines.position $$,
    $$ values (1, 'vat', 1900::numeric, 4202::bigint, 798::bigint, 'DE'),
              (2, 'vat', 700, 1000, 70, 'DE'), (3, 'exempt', 0, 4000, 0, 'DE') $$,
    'and its taxes by name'
);
select is(
    (select quote ->> 'tax_minor' from public.bookings where id = tests.id('booked')), '868',
    'the quote says how much of the price is tax'
);

-- Prices in the United States do not
select tests.book('shaved', '{Shave,Trim}');
select is(
    tests.revision_taxes('shaved', 0), 'sales_tax 400 3000 120', 'the tax of New York comes on top'
);
select is(tests.owed('shaved'), 3120::bigint, 'and is owed');
select is(
    (select total_minor from public.bookings where id = tests.id('shaved')), 3120::bigint,
    'the booking has the same total'
);
select results_eq(
    $$ select price_minor from public.booking_items where booking_id = tests.id('shaved') order by position $$,
    $$ values (2079::bigint), (1041) $$, 'of which each service has its part'
);

-- India splits it on each line, Japan rounds down once for each rate
select tests.book('seen', '{Check-up}');
select is(
    tests.revision_taxes('seen', 0), 'cgst 900 8479 763, sgst 900 8479 763', 'CGST equals SGST'
);
select is(tests.owed('seen'), 10005::bigint, 'and the price is the price');
select tests.book('bathed', '{Bath,Milk}');
select is(
    tests.revision_taxes('bathed', 0), 'consumption_tax 1000 1450 145, consumption_tax 800 6850 548',
    'Japan rounds down once for each rate'
);

-- Cancelling takes the tax back, in the revision that does it
select public.cancel_booking(tests.id('booked')::text);
select is(
    tests.revision_taxes('booked', 1), 'exempt 0 -4000 0, vat 1900 -4202 -798, vat 700 -1000 -70',
    'a cancelled booking takes back the tax of its lines'
);
select is(tests.owed('booked'), 0::bigint, 'so that nothing is owed');
select public.cancel_booking_item(
    tests.id('shaved')::text,
    (select id from public.booking_items where booking_id = tests.id('shaved') and position = 1)::text
);
select is(
    tests.revision_taxes('shaved', 1), 'sales_tax 400 -1999 -80', 'one service takes back its part'
);
select is(tests.owed('shaved'), 1041::bigint, 'what remains is owed with its tax');
select public.cancel_booking(tests.id('shaved')::text);
select is(tests.owed('shaved'), 0::bigint, 'and then nothing');

-- A fee is what is owed in all, and is taxed as what was booked
select tests.act_as_owner();
insert into catalog.cancellation_policies (id, business_id, name, is_default)
values
(tests.named('policy'), tests.id('Salon'), 'Strict', true),
(tests.named('strict'), tests.id('Barber'), 'Strict', true);
insert into catalog.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
values (tests.id('Salon'), tests.id('policy'), 2000, 5000), (tests.id('Barber'), tests.id('strict'), 2000, 5000);
select tests.act_as('customer');
select tests.book('late', '{Cut,Book}');
select public.cancel_booking(tests.id('late')::text);
select is(
    tests.revision_taxes('late', 1), 'vat 1900 -2101 -399, vat 700 -500 -35',
    'half of the price stays as a fee, with half of the tax'
);
select is(tests.owed('late'), 3035::bigint, 'and is owed');
select tests.book('later', '{Shave}');
select public.cancel_booking(tests.id('later')::text);
select is(
    (select cancellation_fee_minor from public.bookings where id = tests.id('later')), 1040::bigint,
    'where tax comes on top, a fee of half is half of all that was owed'
);
select is(tests.owed('later'), 1040::bigint, 'and no tax comes on top of it again');
select results_eq(
    $$ select kind::text, amount_minor, tax_minor, tax_is_included from public.sale_lines
       where sale_id = tests.sale_of('later') order by position $$,
    $$ values ('service', 1999::bigint, 80::bigint, false), ('service', -1999, -80, false),
              ('fee', 1040, 40, true) $$,
    'because it is in the fee'
);

-- A business that does not tax its fees
select tests.act_as('owner');
update public.tax_settings set fees_are_taxed = false where business_id = tests.id('Salon');
select tests.act_as('customer');
select tests.book('damages', '{Cut}');
select public.cancel_booking(tests.id('damages')::text);
select is(
    tests.revision_taxes('damages', 1), 'none 0 2500 0, vat 1900 -4202 -798',
    'fees are damages where the business says so'
);

-- Rates change on a day of the business
select tests.act_as('owner');
select throws_ok(
    $$ insert into public.tax_rules (business_id, country, tax_class, component, rate_bps, during)
       values (tests.id('Salon'), 'DE', 'standard', 'vat', 12000, '[2031-01-01,)') $$,
    'PT400', null, 'a rate is at most 100 %'
);
select throws_ok(
    $$ insert into public.tax_rules (country, tax_class, component, rate_bps, during)
       values ('DE', 'zero', 'vat', 0, '[2031-01-01,)') $$,
    'PT403', null, 'reference rates are nobody''s to write'
);
insert into public.tax_rules (business_id, country, tax_class, component, rate_bps, during)
values
(tests.id('Salon'), 'DE', 'standard', 'vat', 1600, '[2031-01-01,2031-04-01)'),
(tests.id('Salon'), 'DE', 'standard', 'vat', 2100, '[2031-04-01,)');
select throws_ok(
    $$ insert into public.tax_rules (business_id, country, tax_class, component, rate_bps, during)
       values (tests.id('Salon'), 'DE', 'standard', 'vat', 2200, '[2031-05-01,)') $$,
    '23P01', null, 'two rates cannot hold at once'
);
select is(
    (pricing.tax_rates(pricing.tax_basis(tests.id('Salon')), 'standard', '2031-03-31', 'within_region'))[1].rate_bps,
    1600::numeric, 'rows of the business stand in the place of the reference rates'
);
select is(
    (pricing.tax_rates(pricing.tax_basis(tests.id('Salon')), 'standard', '2031-04-01', 'within_region'))[1].rate_bps,
    2100::numeric, 'from their first day on'
);
select is(
    (pricing.tax_rates(pricing.tax_basis(tests.id('Salon')), 'intermediate', '2031-04-01', 'within_region'))[1].rate_bps,
    2100::numeric, 'a class without a rate is taxed like the standard class'
);
select is(
    (pricing.tax_rates(pricing.tax_basis(tests.id('Clinic')), 'standard', '2031-04-01', 'between_regions'))[1].component,
    'igst', 'India has one tax between states'
);
select is(pricing.reach_of('product', 'IN-KA', 'IN-TN')::text, 'between_regions', 'goods that leave the state');
select is(pricing.reach_of('service', 'IN-KA', 'IN-TN')::text, 'within_region', 'a service is given where the business is');

-- A firm from another country of the Union owes the tax itself, once its number is verified
select tests.act_as('firm');
select tests.book('first', '{Cut}');
select lives_ok(
    $$ insert into public.tax_numbers (business_id, customer_id, country, number)
       select business_id, id, 'FR', 'fr 83.404.833.048' from public.customers
       where user_id = tests.id('firm') $$,
    'customers write their own tax number'
);
select results_eq(
    $$ select number, status::text from public.tax_numbers $$,
    $$ values ('FR83404833048', 'pending') $$, 'which waits to be checked'
);
select tests.book('second', '{Cut}');
select is(tests.revision_taxes('second', 0), 'vat 1600 4310 690', 'and has no effect until then');
select tests.act_as_owner();
select pricing.record_tax_number_check(
    (select id from pricing.tax_numbers), 'FR83404833048', true
);
select tests.act_as('firm');
select tests.book('third', '{Cut}');
select is(tests.revision_taxes('third', 0), 'reverse_charge 0 5000 0', 'then the buyer owes the tax');
update public.tax_numbers set number = 'FR40303265045';
select is((select status::text from public.tax_numbers), 'pending', 'another number is checked again');
select throws_ok(
    $$ update public.tax_numbers set status = 'verified' $$, '42501', null,
    'nobody verifies a number by hand'
);

-- No sale without its tax rows
select tests.act_as_owner();
insert into sales.sales (id, business_id, currency, placed_at)
values (tests.named('bare'), tests.id('Salon'), 'EUR', '2031-03-03 08:00Z');
insert into sales.sale_revisions (business_id, sale_id, revision, cause, at)
values (tests.id('Salon'), tests.id('bare'), 0, 'agreed', '2031-03-03 08:00Z');
select throws_ok(
    $$ set constraints all immediate $$, '23514', null, 'a sale without tax rows is refused'
);

select * from finish();
rollback;
