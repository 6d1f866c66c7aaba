-- The papers of an order: its receipt and invoice show goods, shipping and tax; what is taken back is
-- credited by line, and refunded by line.
begin;
select plan(16);

-- Given a shop that levies German tax, and sends books at the reduced rate beside its oils
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,ann,customer}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.member('ann', 'Shop', 'staff');
insert into pricing.tax_settings (business_id) values (tests.id('Shop'));
select tests.named(called) from unnest('{Mitte,Oil,Books,oil,book}'::text[]) as called;
insert into business.stores (id, business_id, name)
values (tests.id('Mitte'), tests.id('Shop'), 'Mitte');
insert into catalog.products (id, business_id, name, slug, currency, is_published, tax_class)
values
(tests.id('Oil'), tests.id('Shop'), 'Oil', 'oil', 'EUR', true, 'standard'),
(tests.id('Books'), tests.id('Shop'), 'Book', 'book', 'EUR', true, 'reduced');
insert into catalog.product_variants (id, business_id, product_id, sku, price_minor) values
(tests.id('oil'), tests.id('Shop'), tests.id('Oil'), 'OIL', 1190),
(tests.id('book'), tests.id('Shop'), tests.id('Books'), 'BOOK', 1070);
select commerce.lock_levels(
    tests.id('Shop'), array[tests.id('Mitte')],
    array[(tests.id('oil'), 0), (tests.id('book'), 0)]::commerce.stock_item[]
);
select commerce.record_movements(
    tests.id('Shop'), tests.id('Mitte'),
    array[(tests.id('oil'), 10), (tests.id('book'), 10)]::commerce.stock_item[], 'received', null
);

-- Three oils, a book, and shipping for 5.95
create function tests.place(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_sale uuid = sales.place_sale(
        tests.id('Shop'), tests.id('customer'), 'Cora', 'cora@example.com', null,
        pricing.quote(
            array[
                (select line from commerce.variant_line(tests.id('Shop'), tests.id('oil'), 3)),
                (select line from commerce.variant_line(tests.id('Shop'), tests.id('book'), 1)),
                pricing.make_line('shipping', 'Parcel', 1, 595, 'EUR', '{"tax_class": "standard"}')
            ],
            pricing.for_buyer(pricing.make_terms(), tests.id('Shop'), tests.id('customer'))
        )
    );
    v_choice commerce.delivery_choice;
begin
    v_choice.business_id = tests.id('Shop');
    v_choice.store_id = tests.id('Mitte');
    v_choice.can_split = false;
    insert into tests.names (name, id) values (called || ' sale', v_sale), (called, commerce.place_order(
        tests.id('Shop'), v_sale, tests.id('customer'),
        jsonb_build_object(
            'kind', 'delivery', 'store_id', tests.id('Mitte'), 'address', '{"city": "Berlin"}'::jsonb
        ),
        commerce.order_lines(
            tests.id('Shop'),
            array(
                select id from sales.sale_lines
                where sale_id = v_sale and kind = 'product' order by position
            ),
            commerce.take_goods(
                v_choice, array[tests.id('oil'), tests.id('book')], '{3,1}'
            )
        ),
        private.now() + interval '1 day', false
    ));
    insert into tests.names (name, id)
    select called || ' ' || name, id from sales.sale_lines where sale_id = v_sale;
end;
$$;
create function tests.pay(called text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_payment uuid = (public.start_payment(
        'sandbox', order_id => tests.id(called)::text) ->> 'id')::uuid;
begin
    perform money.start_call('create', v_payment);
    perform money.finish_call('create', v_payment, (
        select jsonb_build_object('kind', 'payment.captured', 'reference', 'ref ' || v_payment,
            'amount_minor', amount_minor, 'currency', currency)
        from money.payments where id = v_payment));
    perform money.settle_sale(tests.id('Shop'), tests.id(called || ' sale'));
end;
$$;
create function tests.settle(called text) returns bigint
language sql volatile security definer set search_path = ''
as $$ select money.settle_sale(tests.id('Shop'), tests.id(called || ' sale')) $$;
create function tests.lines(line text, quantity integer) returns text
language sql stable security definer set search_path = ''
as $$ select jsonb_build_array(jsonb_build_object(
    'sale_line_id', tests.id(line), 'quantity', quantity))::text $$;
-- What a document says, line by line: {quantity name at unit = total, tax}.
create function tests.shown(of_kind text, called text) returns text[]
language sql stable security definer set search_path = ''
as $$
    select array_agg(
        format('%s %s at %s = %s, tax %s', line ->> 'quantity', line ->> 'name',
            line ->> 'unit_minor', line ->> 'total_minor', line ->> 'tax_minor')
        order by documents.number, place
    )
    from money.documents
    cross join jsonb_array_elements(lines) with ordinality as line (line, place)
    where kind::text = of_kind and sale_id = tests.id(called || ' sale')
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- Paid: the receipt
select tests.place('first');
select tests.act_as('customer');
select is_empty(
    $$ select * from public.documents $$, 'an order that is not paid has no receipt'
);
select tests.pay('first');
select is(
    tests.shown('receipt', 'first'),
    '{"3 Oil at 1190 = 3570, tax 570","1 Book at 1070 = 1070, tax 70","1 Parcel at 595 = 595, tax 95"}',
    'the receipt has goods and shipping, each with its tax'
);
select results_eq(
    $$ select reference, net_minor, tax_minor, total_minor from public.documents $$,
    $$ values ('R-1', 4500::bigint, 735::bigint, 5235::bigint) $$, 'and their sums'
);
select results_eq(
    $$ select (tax ->> 'rate_bps')::integer, (tax ->> 'base_minor')::integer,
           (tax ->> 'tax_minor')::integer
       from public.documents cross join jsonb_array_elements(taxes) as tax
       order by 1 $$,
    $$ values (700, 1000, 70), (1900, 3500, 665) $$, 'and a row for each rate'
);

-- Asked for: the invoice
select is(
    (public.issue_document(tests.id('first sale')::text)).reference, 'I-1',
    'the customer asks for an invoice'
);
select is(
    tests.shown('invoice', 'first'), tests.shown('receipt', 'first'), 'which shows the same'
);

-- Returned: one oil of three
select tests.act_as('ann');
select public.hand_over_order(tests.id('first')::text);
select tests.act_as('customer');
select public.request_return(tests.id('first')::text, tests.lines('first Oil', 1));
select tests.act_as('ann');
select public.approve_return(id::text) from public.returns;
select public.receive_return(id::text) from public.returns;
set constraints all immediate;
set constraints all deferred;
select is(
    tests.shown('credit_note', 'first'), '{"1 Oil at 1190 = 1190, tax 190"}',
    'a credit note takes one oil back, with its tax'
);
select results_eq(
    $$ select documents.reference, corrected.reference, documents.net_minor,
           documents.tax_minor, documents.total_minor
       from public.documents
       inner join public.documents as corrected on corrected.id = documents.corrects_document_id $$,
    $$ values ('C-1', 'I-1', 1000::bigint, 190::bigint, 1190::bigint) $$,
    'and names the invoice'
);
select tests.act_as_owner();
select is(tests.settle('first'), 1190::bigint, 'the price of the oil is given back');
select results_eq(
    $$ select sale_lines.name, refund_lines.amount_minor
       from money.refund_lines
       inner join sales.sale_lines on sale_lines.id = refund_lines.sale_line_id $$,
    $$ values ('Oil', 1190::bigint) $$, 'by line: for the oil'
);

-- Returned: the other two and the book, in one go
select tests.act_as('customer');
select public.request_return(tests.id('first')::text);
select tests.act_as('ann');
select public.approve_return(id::text) from public.returns where status = 'requested';
select public.receive_return(id::text) from public.returns where status = 'approved';
set constraints all immediate;
set constraints all deferred;
select is(
    tests.shown('credit_note', 'first'),
    '{"1 Oil at 1190 = 1190, tax 190","2 Oil at 1190 = 2380, tax 380","1 Book at 1070 = 1070, tax 70"}',
    'the second credit note has the rest of the goods'
);
select is(
    (select sum(case kind when 'credit_note' then -total_minor else total_minor end)
        from public.documents where kind <> 'receipt'), 595::numeric,
    'invoice and credit notes leave the shipping'
);
select is(
    (select owed_minor from public.sales where id = tests.id('first sale')), 595::bigint,
    'which is what the sale comes to'
);

-- Cancelled before it was sent: shipping too
select tests.act_as_owner();
select tests.place('second');
select tests.act_as('customer');
select tests.pay('second');
select public.cancel_order(tests.id('second')::text);
set constraints all immediate;
set constraints all deferred;
select is(
    tests.shown('credit_note', 'second'),
    '{"3 Oil at 1190 = 3570, tax 570","1 Book at 1070 = 1070, tax 70","1 Parcel at 595 = 595, tax 95"}',
    'a cancelled order is credited whole'
);
select is(
    (select array_agg(reference order by number) from public.documents where kind = 'credit_note'),
    '{C-1,C-2,C-3}', 'numbers have no gaps'
);

-- What was never paid needs none
select tests.act_as_owner();
select tests.place('third');
select tests.act_as('customer');
select public.cancel_order(tests.id('third')::text);
set constraints all immediate;
set constraints all deferred;
select is(
    (select count(*) from public.documents where sale_id = tests.id('third sale')), 0::bigint,
    'an order that nobody paid has no papers'
);

select * from finish();
rollback;
