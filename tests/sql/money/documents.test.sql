-- Receipts, invoices and credit notes: numbers without gaps, and what they show stays as it was.
begin;
select plan(34);

select tests.at('2031-03-03 08:00Z');
select tests.person('owner');
select tests.person('accountant');
select tests.person('customer');
select tests.person('stranger');
select tests.business('Salon', 'owner');
select tests.member('accountant', 'Salon', 'accountant');
select tests.business('Onsen', 'owner', 'Asia/Tokyo', 'JPY');
update business.businesses set country = 'JP' where id = tests.id('Onsen');
insert into pricing.tax_settings (business_id) values (tests.id('Salon')), (tests.id('Onsen'));
insert into pricing.tax_numbers (business_id, country, number)
values (tests.id('Salon'), 'DE', 'DE 136 695 976'), (tests.id('Onsen'), 'JP', 'T7000012050002');
select pricing.record_tax_number_check(id, number, true) from pricing.tax_numbers where country = 'DE';
insert into catalog.cancellation_policies (id, business_id, name, is_default)
values (tests.named('policy'), tests.id('Salon'), 'Strict', true);
insert into catalog.cancellation_tiers (business_id, cancellation_policy_id, hours_before, fee_bps)
values (tests.id('Salon'), tests.id('policy'), 2000, 5000);
select tests.resource('Ann', 'Salon');
select tests.hours('Salon', '00:00', '23:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.takes('Cut', 'Ann');
select tests.resource('Bo', 'Onsen');
select tests.hours('Onsen', '00:00', '23:00');
select tests.service('Bath', 'Onsen', 60, 9999);
select tests.takes('Bath', 'Bo');
select tests.service('Stay', 'Onsen', 60, 10000);
select tests.takes('Stay', 'Bo');

create function tests.book(called text, service text, starts_at text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
    v_id uuid = (public.book(tests.id(service)::text, starts_at)).id;
begin
    perform tests.note(called, v_id);
end;
$$;
create function tests.note(called text, id uuid) returns void
language sql volatile security definer set search_path = ''
as $$ insert into tests.names (name, id) values (called, id) $$;
create function tests.sale_of(called text) returns uuid
language sql stable security definer set search_path = ''
as $$ select bookings.sale_id from scheduling.bookings where bookings.id = tests.id(called) $$;
create function tests.issue(of_kind text, called text) returns uuid
language sql volatile security definer set search_path = ''
as $$
    select money.issue_document(
        of_kind::money.document_kind, sales.business_id, sales.id,
        (select max(revision) from sales.sale_revisions where sale_id = sales.id)
    )
    from sales.sales
    where sales.id = tests.sale_of(called)
$$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('customer');
select tests.book('one', 'Cut', '2031-03-10T09:00:00Z');
select tests.book('two', 'Cut', '2031-03-10T11:00:00Z');
select tests.book('bath', 'Bath', '2031-03-10T03:00:00Z');
select tests.book('stay', 'Stay', '2031-03-10T05:00:00Z');

-- A receipt is issued when the sale is paid
select tests.act_as_owner();
select isnt(tests.issue('receipt', 'one'), null, 'a receipt is issued');
select is(tests.issue('receipt', 'one'), tests.issue('receipt', 'one'), 'once for a revision');
select tests.act_as('customer');
select results_eq(
    $$ select reference, number, first_revision, revision, currency, net_minor, tax_minor, total_minor
       from public.documents $$,
    $$ values ('R-1', 1::bigint, 0, 0, 'EUR', 4202::bigint, 798::bigint, 5000::bigint) $$,
    'the customer reads it'
);
select results_eq(
    $$ select seller ->> 'name', seller ->> 'tax_number', lines -> 0 ->> 'name',
              taxes -> 0 ->> 'rate_bps', taxes -> 0 ->> 'base_minor'
       from public.documents $$,
    $$ values ('Salon', 'DE136695976', 'Cut', '1900', '4202') $$,
    'with the tax number of the seller, the lines and the taxes'
);
select results_eq(
    $$ select (public.issue_document(tests.sale_of('one')::text)).reference $$,
    $$ values ('I-1') $$, 'and asks for an invoice, which has numbers of its own'
);
select is(
    (public.issue_document(tests.sale_of('one')::text)).reference, 'I-1',
    'asking again returns the same one'
);
select throws_ok(
    $$ select public.issue_document(tests.sale_of('one')::text, 'receipt') $$,
    'PT403', null, 'a receipt is not the customer''s to ask for'
);
select throws_ok(
    $$ select public.issue_document(tests.sale_of('one')::text, 'credit_note') $$,
    'PT400', null, 'and credit notes are issued by themselves'
);
select tests.act_as('stranger');
select throws_ok(
    $$ select public.issue_document(tests.sale_of('one')::text) $$,
    'PT404', null, 'a stranger finds no such sale'
);
select is_empty($$ select * from public.documents $$, 'nor its documents');
select tests.act_as('accountant');
select is(
    (public.issue_document(tests.sale_of('two')::text, 'receipt')).reference, 'R-2',
    'members issue receipts, and the next one has the next number'
);

-- What rolls back leaves no gap
select tests.act_as_owner();
savepoint before;
select tests.issue('invoice', 'two');
rollback to before;
select tests.issue('invoice', 'two');
select is(
    (select number from money.documents where kind = 'invoice' and sale_id = tests.sale_of('two')),
    2::bigint, 'a number that was rolled back is taken again'
);

-- A cancellation credits what it takes back
select tests.act_as('customer');
select public.cancel_booking(tests.id('one')::text);
set constraints all immediate;
set constraints all deferred;
select results_eq(
    $$ select reference, first_revision, revision, net_minor, tax_minor, total_minor
       from public.documents where kind = 'credit_note' $$,
    $$ values ('C-1', 1, 1, 2101::bigint, 399::bigint, 2500::bigint) $$,
    'half is taken back, with its tax, in positive amounts'
);
select is(
    (
        select corrected.reference
        from public.documents
        inner join public.documents as corrected on corrected.id = documents.corrects_document_id
    ),
    'I-1', 'and the note names the invoice'
);
select results_eq(
    $$ select line.value ->> 'kind', (line.value ->> 'total_minor')::integer
       from public.documents cross join jsonb_array_elements(lines) as line
       where kind = 'credit_note' $$,
    $$ values ('service', 5000), ('fee', -2500) $$, 'the fee that stays is deducted from it'
);
select throws_ok(
    $$ select public.issue_document(tests.sale_of('one')::text) $$,
    'PT409', null, 'then there is nothing left for an invoice to show'
);

-- What was never documented needs no credit note
select tests.book('three', 'Cut', '2031-03-11T09:00:00Z');
select public.cancel_booking(tests.id('three')::text);
set constraints all immediate;
set constraints all deferred;
select is(
    (select count(*) from public.documents where kind = 'credit_note'), 1::bigint,
    'a sale without a document needs no credit note'
);
select tests.act_as_owner();
select throws_ok(
    $$ select tests.issue('credit_note', 'three') $$, 'PT409',
    'There is no document to take back from.', 'and cannot have one'
);
select tests.issue('invoice', 'three');
select is(
    (select total_minor from money.documents where sale_id = tests.sale_of('three')), 2500::bigint,
    'an invoice of it shows what remains'
);

-- Japan needs no return invoice below 10,000 yen
select tests.issue('receipt', 'bath');
select tests.issue('receipt', 'stay');
select tests.act_as('customer');
select public.cancel_booking(tests.id('bath')::text);
select public.cancel_booking(tests.id('stay')::text);
set constraints all immediate;
set constraints all deferred;
select results_eq(
    $$ select total_minor from public.documents
       where kind = 'credit_note' and business_id = tests.id('Onsen') $$,
    $$ values (10000::bigint) $$, 'Japan: 10,000 yen are returned with a document, 9,999 without'
);
select is(
    (
        select seller ->> 'tax_number' from public.documents
        where business_id = tests.id('Onsen') limit 1
    ),
    null, 'a number that is not verified does not stand on documents'
);

-- Nobody changes one
select throws_ok(
    $$ update public.documents set total_minor = 1 $$, '42501', null, 'customers change no document'
);
select tests.act_as_owner();
select throws_ok(
    $$ update money.documents set total_minor = 1, net_minor = 1, tax_minor = 0 $$, 'PT409', null,
    'nor does anybody else'
);
select throws_ok($$ delete from money.documents $$, 'PT409', null, 'and none is deleted');
update business.businesses set name = 'Another name' where id = tests.id('Salon');
select is(
    (select seller ->> 'name' from money.documents where kind = 'invoice' and number = 1), 'Salon',
    'they keep the seller as it was'
);

-- Workers draw them
select results_eq(
    $$ select facts ->> 'reference', facts ->> 'formats', facts ->> 'minor_digits', facts ->> 'issued_on'
       from money.documents
       cross join lateral money.document_to_draw(documents.id) as facts
       where kind = 'invoice' and number = 1 $$,
    $$ values ('I-1', '["pdf", "xml"]', '2', '2031-03-03') $$,
    'an invoice in the Union is drawn as PDF and as EN 16931'
);
select results_eq(
    $$ select facts ->> 'formats' from money.documents
       cross join lateral money.document_to_draw(documents.id) as facts
       where kind = 'receipt' order by facts ->> 'reference' limit 1 $$,
    $$ values ('["pdf"]') $$, 'a receipt as PDF'
);
select is(
    (
        select facts ->> 'corrects'
        from money.documents
        cross join lateral money.document_to_draw(documents.id) as facts
        where documents.kind = 'credit_note' and documents.business_id = tests.id('Salon')
    ),
    'I-1', 'a credit note says what it corrects'
);
select lives_ok(
    $$ select money.record_document_file(id, 'pdf', id || '/R-1.pdf', 1000, repeat('a', 64))
       from money.documents where kind = 'receipt' and number = 1 and business_id = tests.id('Salon') $$,
    'a file is recorded'
);
select lives_ok(
    $$ select money.record_document_file(id, 'pdf', id || '/R-1.pdf', 1000, repeat('a', 64))
       from money.documents where kind = 'receipt' and number = 1 and business_id = tests.id('Salon') $$,
    'and recorded again'
);
select is(
    (
        select money.document_to_draw(id) from money.documents
        where kind = 'receipt' and number = 1 and business_id = tests.id('Salon')
    ),
    null, 'then there is nothing to draw'
);
select tests.act_as('customer');
select is(
    (select files.is_record_readable(object_name) from public.document_files), true,
    'whoever reads the document may make a link to the file'
);
select is(files.is_record_readable('nothing'), false, 'and to no other');
create temporary table file_names as select object_name from public.document_files;
grant select on file_names to authenticated;
select tests.act_as('stranger');
select is(
    (select files.is_record_readable(object_name) from file_names), false, 'a stranger may not'
);

select * from finish();
rollback;
