-- Gift cards that are taxed when they are sold: what they pay is not taxed again, and whatever is
-- refunded, the taxes of the card and of what it paid add up to the unit.
begin;
select plan(34);

-- Given a salon with a cut (19 %) and a book (7 %), and a barber whose prices exclude 10 % tax
select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Salon', 'owner');
select tests.business('Barber', 'owner', 'America/New_York', 'USD');
update business.businesses set country = 'US' where id = tests.id('Barber');
insert into pricing.tax_settings (business_id, region)
values (tests.id('Salon'), null), (tests.id('Barber'), 'US-NY');
insert into pricing.tax_rules (business_id, country, region, tax_class, component, rate_bps, during)
values (tests.id('Barber'), 'US', 'US-NY', 'standard', 'sales_tax', 1000, '[2031-01-01,)');
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '00:00', '23:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.service('Book', 'Salon', 60, 1070);
select tests.takes('Book', 'Ann');
update catalog.services set tax_class = 'reduced' where id = tests.id('Book');
select tests.resource('Bo', 'Barber');
select tests.hours('Barber', '00:00', '23:00');
select tests.service('Shave', 'Barber', 60, 1999);
select tests.takes('Shave', 'Bo');

create table tests.sold (called text, answer jsonb);
grant select, insert on tests.sold to authenticated;
create function tests.sold(card text, key text) returns text
language sql stable security definer set search_path = ''
as $$ select answer ->> key from tests.sold where sold.called = card $$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.sale_of(called text) returns text
language sql stable security definer set search_path = ''
as $$ select sale_id::text from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.sell(called text, sold_by text, minor text) returns void
language sql volatile security invoker set search_path = ''
as $$
    insert into tests.sold select sell.called, public.sell_gift_card(tests.id(sold_by)::text, minor);
    select public.record_cash_payment(tests.sold(sell.called, 'sale_id'));
$$;
create function tests.book(called text, chosen text[], day text) returns void
language sql volatile security invoker set search_path = ''
as $$
    select tests.note(called, bookings.id)
    from public.book_many(
        (select business_id::text from public.services where id = tests.id(chosen[1])),
        (
            select jsonb_agg(jsonb_build_object('service_id', tests.id(service)))::text
            from unnest(chosen) as service
        ),
        starts_at => day || 'T15:00:00Z'
    ) as bookings
$$;
create function tests.pay(called text, card text, minor text default null) returns void
language sql volatile security invoker set search_path = ''
as $$ select public.redeem_gift_card(tests.sale_of(called), tests.sold(card, 'code'), minor) $$;
-- What happens when the transaction ends.
create function tests.commit() returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    set constraints money._910_update_vouchers, sales._915_update_vouchers immediate;
    set constraints all immediate;
    set constraints all deferred;
end;
$$;
create function tests.refund(sale_id text, provider text, minor text default null) returns void
language sql volatile security invoker set search_path = ''
as $$
    select public.refund_payment(parts.payment_id::text, 'Sorry', minor)
    from public.payment_parts as parts
    where parts.sale_id = refund.sale_id::uuid and parts.provider = refund.provider
$$;
create function tests.taxes(of_sale text) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(concat_ws(' ', component, rate_bps, base, tax), ', ' order by rate_bps desc)
    from (
        select component, rate_bps, sum(base_minor) as base, sum(tax_minor) as tax
        from sales.sale_taxes where sale_id = of_sale::uuid group by 1, 2
    ) as sums
$$;
create function tests.withheld(of_currency text) returns bigint
language sql stable security definer set search_path = ''
as $$
    select coalesce(-sum(money.balance(id)), 0)::bigint
    from money.accounts where kind = 'tax_withheld' and accounts.currency = of_currency
$$;
create function tests.earned() returns bigint
language sql stable security definer set search_path = ''
as $$
    select sum(amount_minor)::bigint from money.earnings
    where business_id = tests.id('Salon') and kind <> 'cash'
$$;
create function tests.last_document(of_kind text) returns text
language sql stable security definer set search_path = ''
as $$
    select concat_ws(' ', first_revision, revision, net_minor, tax_minor, total_minor)
    from money.documents where kind = of_kind::money.document_kind
    order by number desc limit 1
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- The setting
select tests.act_as('owner');
select throws_ok(
    $$ update public.tax_settings set gift_card_tax_class = 'outside' $$,
    'PT400', 'gift_card_tax_class must be a class that is taxed, or be left out.',
    'cards are taxed by a class that is taxed'
);
select tests.sell('plain', 'Salon', '5000');
select is(
    tests.taxes(tests.sold('plain', 'sale_id')), 'none 0 5000 0', 'by default a card is not taxed'
);
select lives_ok(
    $$ update public.tax_settings set gift_card_tax_class = 'standard' $$,
    'owners choose that cards are taxed when they are sold'
);

-- Sold
select tests.sell('card', 'Salon', '5000');
select is(
    tests.taxes(tests.sold('card', 'sale_id')), 'vat 1900 4202 798',
    'then the price of a card includes the tax'
);
select is(
    (select is_taxed from public.gift_cards where id = tests.sold('card', 'gift_card_id')::uuid),
    true, 'and the card says so'
);
select is(
    (public.quote(
        jsonb_build_array(
            jsonb_build_object(
                'business_id', tests.id('Barber'), 'gift_card_minor', 2200, 'currency', 'USD'
            )
        )::text
    ) -> 'total_minor')::bigint,
    2200::bigint, 'also where tax comes on top of prices'
);
select is(tests.withheld('EUR'), 798::bigint, 'the platform passes the tax on');
select is(tests.earned(), -798::bigint, 'and takes it from the salon''s earnings');

-- Used
select tests.act_as('customer');
select tests.book('cut', '{Cut}', '2031-03-10');
select tests.book('both', '{Cut,Book}', '2031-03-11');
select tests.pay('cut', 'card');
select tests.commit();
select is(
    tests.taxes(tests.sale_of('cut')), 'vat 1900 0 0, none 0 5000 0',
    'what it pays is not taxed again'
);
select is(
    (select balance_minor from public.sales where id = tests.sale_of('cut')::uuid), 0::bigint,
    'and what is owed stays what it was'
);
select results_eq(
    format(
        $$ select kind::text, amount_minor, tax_minor from public.sale_lines
           where sale_id = %L order by position $$, tests.sale_of('cut')
    ),
    $$ values ('service', 5000::bigint, 798::bigint), ('voucher', -5000, -798), ('voucher', 5000, 0) $$,
    'a pair of lines takes the tax back'
);
select is(tests.withheld('EUR'), 0::bigint, 'the platform passes no more on than is due');
select is(tests.earned(), 0::bigint, 'and the salon has its tax back before it is earned');
select tests.act_as_owner();
select money.settle_sale(tests.id('Salon'), tests.sale_of('cut')::uuid);
select is(
    tests.last_document('receipt'), '0 1 5000 0 5000', 'its receipt shows a total without tax'
);

-- Delivered
select tests.at('2031-03-10 17:00Z');
select tests.act_as('owner');
select public.complete_booking(tests.id('cut')::text);
select is(tests.withheld('EUR'), 798::bigint, 'once the cut is provided, its tax is withheld');
select is(tests.earned(), 4202::bigint, 'and the salon has the rest: as if there was no card');

-- Refunded in part
select tests.refund(tests.sale_of('cut'), 'gift_card', '2000');
select tests.commit();
select is(
    tests.taxes(tests.sale_of('cut')), 'vat 1900 0 0, none 0 3000 0',
    'a refund returns to the card, and the rest stays untaxed'
);
select is(
    tests.last_document('credit_note'), '2 3 2000 0 2000', 'its credit note takes no tax back'
);
select is(tests.withheld('EUR'), 798::bigint, 'the tax of the card is still due');
select is(tests.earned(), 2202::bigint, 'and the salon earned 20.00 less');
select is(
    (select balance_minor from public.gift_cards where id = tests.sold('card', 'gift_card_id')::uuid),
    2000::bigint, 'which are on the card again'
);

-- The card itself is taken back
select public.cancel_gift_card(tests.sold('card', 'gift_card_id'), 'Not wanted');
select tests.refund(tests.sold('card', 'sale_id'), 'cash', '2000');
select tests.commit();
select is(
    tests.taxes(tests.sold('card', 'sale_id')), 'vat 1900 2521 479',
    'what is refunded of its price is taxed no more'
);
select is(tests.withheld('EUR'), 479::bigint, 'nor withheld');
select is(tests.earned(), 2521::bigint, 'the salon earned 30.00 with 4.79 tax in them');

-- Several rates, and only a part
select tests.sell('second', 'Salon', '3000');
select tests.act_as('customer');
select tests.pay('both', 'second');
select tests.commit();
select is(
    tests.taxes(tests.sale_of('both')), 'vat 1900 2125 404, vat 700 506 35, none 0 3000 0',
    'what is left to pay is taxed at the rates of what was bought'
);
select tests.act_as('owner');
select public.cancel_booking(tests.id('both')::text);
select tests.commit();
select is(
    tests.taxes(tests.sale_of('both')), 'vat 1900 0 0, vat 700 0 0, none 0 0 0',
    'nothing is left of it when the booking is cancelled'
);
select tests.act_as_owner();
select money.settle_sale(tests.id('Salon'), tests.sale_of('both')::uuid);
select tests.commit();
select is(
    (select -money.balance(account_id) from money.gift_cards
     where id = tests.sold('second', 'gift_card_id')::uuid),
    3000::bigint, 'and all of it returns to the card'
);
select is(tests.withheld('EUR'), 958::bigint, 'whose tax is due');

-- A card that was not taxed
select tests.act_as('customer');
select tests.book('later', '{Cut}', '2031-03-12');
select tests.pay('later', 'plain', '3000');
select tests.pay('later', 'second', '1000');
select tests.commit();
select is(
    tests.taxes(tests.sale_of('later')), 'vat 1900 3361 639, none 0 1000 0',
    'what a card without tax pays is taxed'
);

-- Tax on top of prices
select tests.act_as('owner');
select tests.sell('dollars', 'Barber', '2200');
select is(
    tests.taxes(tests.sold('dollars', 'sale_id')), 'sales_tax 1000 2000 200',
    'the card''s tax is in its price'
);
select tests.act_as('customer');
select tests.book('shave', '{Shave}', '2031-03-11');
select tests.pay('shave', 'dollars');
select tests.commit();
select is(
    tests.taxes(tests.sale_of('shave')), 'sales_tax 1000 0 0, none 0 2199 0',
    'it pays 19.99 and the 2.00 on top'
);
select is(
    (select balance_minor from public.sales where id = tests.sale_of('shave')::uuid), 0::bigint,
    'nothing is left to pay'
);
select is(tests.withheld('USD'), 0::bigint, 'and nothing is taxed twice');
select tests.act_as_owner();
select is_empty('select * from money.ledger_findings()', 'the ledger agrees with the payments');
select * from finish();
rollback;
