-- The published numbers of taxes and their rounding, to the unit.
begin;
select plan(37);

-- Lines of one rate: amounts, the rate, whether they include it, and how to round. Returns what each
-- line owes in tax.
create function tests.taxes(
    amounts bigint[], bps numeric, is_included boolean, unit text, mode text
) returns bigint[]
language sql stable security invoker set search_path = ''
as $$
    select array_agg(parts.tax_minor order by parts.place)
    from pricing.document_taxes(
        array(
            select pricing.make_taxable(
                amounts.place::integer, amounts.minor, is_included,
                array[pricing.make_rate('vat', bps)]
            )
            from unnest(amounts) with ordinality as amounts (minor, place)
        ),
        unit::pricing.rounding_unit, mode::pricing.rounding_mode
    ) as parts
$$;
create function tests.tax(
    amounts bigint[], bps numeric, is_included boolean, unit text, mode text
) returns bigint
language sql stable security invoker set search_path = ''
as $$ select sum(tax)::bigint from unnest(tests.taxes(amounts, bps, is_included, unit, mode)) as tax $$;

-- Japan, tax on top: once for each rate of the invoice
select is(tests.tax('{114,114,114,114,102,102}', 800, false, 'rate', 'down'), 52::bigint, '660 at 8 % is 52.8, down 52');
select is(tests.tax('{114,114,114,114,102,102}', 800, false, 'rate', 'half_up'), 53::bigint, 'to the nearest 53');
select is(tests.tax('{114,114,114,114,102,102}', 800, false, 'rate', 'up'), 53::bigint, 'up 53');
select is(tests.tax('{222,222,300}', 1000, false, 'rate', 'down'), 74::bigint, '744 at 10 % is 74.4, down 74');
select is(tests.tax('{222,222,300}', 1000, false, 'rate', 'up'), 75::bigint, 'and up 75');
select is(
    tests.taxes('{114,114,114,114,102,102}', 800, false, 'rate', 'down'),
    '{9,9,9,9,8,8}'::bigint[], 'the lines get what adds up to it'
);

-- Japan, tax included
select is(tests.tax('{1188}', 800, true, 'rate', 'down'), 88::bigint, '1,188 at 8 % has 88 in it');
select is(tests.tax('{1100}', 1000, true, 'rate', 'down'), 100::bigint, '1,100 at 10 % has 100 in it');
select is(pricing.split(92, '{1595,7398}'), '{16,76}'::bigint[], 'a discount of 92 over two rates is 16 and 76');
select is(tests.tax('{1579}', 1000, true, 'rate', 'down'), 143::bigint, 'of the 1,579 that are left 143 are tax');
select is(tests.tax('{7322}', 800, true, 'rate', 'down'), 542::bigint, 'and of 7,322 at 8 % it is 542');
select results_eq(
    $$ select component, rate_bps, base_minor, tax_minor
       from pricing.document_taxes(
           array[
               pricing.make_taxable(1, 1579, true, array[pricing.make_rate('consumption_tax', 1000)]),
               pricing.make_taxable(2, 7322, true, array[pricing.make_rate('consumption_tax', 800)])
           ], 'rate', 'down') $$,
    $$ values ('consumption_tax', 1000::numeric, 1436::bigint, 143::bigint), ('consumption_tax', 800, 6780, 542) $$,
    'base and tax make up the price at both rates'
);

-- What is in the gross is rounded once
select results_eq(
    $$ select base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 50000, true, array[pricing.make_rate('vat', 1000)])],
           'rate', 'half_up') $$,
    $$ values (45455::bigint, 4545::bigint) $$, '50,000 at 10 % is 45,455 and 4,545, not 50,001'
);
select results_eq(
    $$ select base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 70000, true, array[pricing.make_rate('vat', 1000)])],
           'rate', 'half_up') $$,
    $$ values (63636::bigint, 6364::bigint) $$, '70,000 is 63,636 and 6,364'
);

-- By line and by document
select is(360 + tests.tax('{360}', 550, false, 'line', 'half_up'), 380::bigint, '3.60 at 5.5 % is 3.80');
select is(3600 + tests.tax('{3600}', 550, false, 'line', 'half_up'), 3798::bigint, 'one line of ten is 37.98');
select is(
    3600 + tests.tax(array_fill(360::bigint, '{10}'), 550, false, 'line', 'half_up'), 3800::bigint,
    'ten lines of one are 38.00, rounded by line'
);
select is(
    3600 + tests.tax(array_fill(360::bigint, '{10}'), 550, false, 'rate', 'half_up'), 3798::bigint,
    'and 37.98, rounded once'
);
select is(
    535066 + tests.tax('{535066}', 2200, false, 'rate', 'half_up'), 652781::bigint,
    '16 × 348.35 less 4 % at 22 %, rounded to the cent before the tax, is 6,527.81'
);
select is(
    pricing.round_tax(34835 * 16 * 0.96 * 1.22, 'half_up'), 652780::bigint, 'and 6,527.80, rounded once'
);

-- Half away from zero
select is(tests.tax('{4530}', 500, false, 'line', 'half_up'), 227::bigint, '45.30 at 5 % is 2.265, so 2.27');
select is(tests.tax('{3345}', 1000, false, 'line', 'half_up'), 335::bigint, '33.45 at 10 % is 3.345, so 3.35');
select is(pricing.round_tax(-2.5, 'half_up'), -3::bigint, 'a half below zero is rounded away from zero');
select is(pricing.round_tax(-2.5, 'down'), -2::bigint, 'down is towards zero');
select is(pricing.round_tax(-2.1, 'up'), -3::bigint, 'and up is away from it');
select is(tests.tax('{1}', 1000, true, 'rate', 'up'), 1::bigint, 'up takes a whole unit of the smallest price');

-- India: CGST equals SGST on each line
select results_eq(
    $$ select component, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 10005, false,
               array[pricing.make_rate('cgst', 900), pricing.make_rate('sgst', 900)])],
           'line', 'half_up') $$,
    $$ values ('cgst', 900::bigint), ('sgst', 900::bigint) $$,
    '18.01 of tax are 9.00 and 9.00, never 9.01 and 9.00'
);
select results_eq(
    $$ select component, base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 11800, true,
               array[pricing.make_rate('cgst', 900), pricing.make_rate('sgst', 900)])],
           'line', 'half_up') $$,
    $$ values ('cgst', 10000::bigint, 900::bigint), ('sgst', 10000, 900) $$,
    'a price with both in it has one base'
);

-- Several taxes
select results_eq(
    $$ select component, rate_bps, base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 10000, false,
               array[pricing.make_rate('gst', 500), pricing.make_rate('qst', 997.5)])],
           'rate', 'half_up') $$,
    $$ values ('gst', 500::numeric, 10000::bigint, 500::bigint), ('qst', 997.5, 10000, 998) $$,
    'Quebec: a rate has decimals of a basis point'
);
select results_eq(
    $$ select component, base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 10000, false,
               array[pricing.make_rate('gst', 500), pricing.make_rate('qst', 950, true)])],
           'rate', 'half_up') $$,
    $$ values ('gst', 10000::bigint, 500::bigint), ('qst', 10500, 998) $$,
    'as it was until 2012: one tax on the other'
);
select results_eq(
    $$ select component, base_minor, tax_minor from pricing.document_taxes(
           array[pricing.make_taxable(1, 11498, true,
               array[pricing.make_rate('gst', 500), pricing.make_rate('qst', 950, true)])],
           'rate', 'half_up') $$,
    $$ values ('gst', 10000::bigint, 500::bigint), ('qst', 10500, 998) $$,
    'and taken out of the price again'
);
select results_eq(
    $$ select component, base_minor, tax_minor from pricing.document_taxes(
           array[
               pricing.make_taxable(1, 1000, true, array[pricing.make_rate('vat', 2000)]),
               pricing.make_taxable(2, 500, true, '{}')
           ], 'rate', 'half_up') $$,
    $$ values ('vat', 833::bigint, 167::bigint), ('none', 500, 0) $$,
    'a line without taxes stands under none'
);

-- A later revision: what was taxed, less the tax of what remains
create function tests.refund(unit text) returns bigint[]
language sql stable security invoker set search_path = ''
as $$
    select array_agg(parts.tax_minor order by parts.place)
    from pricing.document_taxes(
        array[
            row(1, 'a', 333, false, array[pricing.make_rate('vat', 1000)], '{34}'::bigint[], null)::pricing.taxable,
            row(2, 'b', 333, false, array[pricing.make_rate('vat', 1000)], '{33}'::bigint[], null)::pricing.taxable,
            row(3, 'a', -333, false, array[pricing.make_rate('vat', 1000)], null, null)::pricing.taxable
        ],
        unit::pricing.rounding_unit, 'half_up'
    ) as parts
$$;
select is(tests.taxes('{333,333}', 1000, false, 'rate', 'half_up'), '{34,33}'::bigint[], 'ties go to the first line');
select is(tests.refund('rate'), '{-34}'::bigint[], 'a refund takes back what the rest does not owe');
select is(
    (
        select array_agg(parts.tax_minor)
        from pricing.document_taxes(
            array[
                row(1, 'a', 333, false, array[pricing.make_rate('vat', 1000)], '{34}'::bigint[], null)::pricing.taxable,
                row(2, 'b', 333, false, array[pricing.make_rate('vat', 1000)], '{33}'::bigint[], null)::pricing.taxable,
                row(3, 'a', -333, false, array[pricing.make_rate('vat', 1000)], null, null)::pricing.taxable,
                row(4, 'b', -333, false, array[pricing.make_rate('vat', 1000)], null, null)::pricing.taxable
            ], 'rate', 'half_up') as parts
    ),
    '{-34,-33}'::bigint[], 'and a refund of everything takes back everything'
);

-- Prorations and periods, as others compute them
select is(
    pricing.round_tax(-1000 * 881112 / 2419200.0, 'half_up'), -364::bigint,
    '881,112 of 2,419,200 seconds of 1,000 are 364'
);
select results_eq(
    $$ select date '2026-06-30' - date '2026-04-01' + 1, date '2026-07-14' - date '2026-04-15' + 1 $$,
    $$ values (91, 91) $$, 'a quarter that begins in April has 91 days on either anchor'
);

select * from finish();
rollback;
