-- Quotes of several documents: what somebody buys from one business at once, but gets in several
-- sales, such as goods and an appointment. Prices and discounts are those of all lines together;
-- tax is computed for each document, because each has its own.

/*
 * Return the quote of each document of a quote without tax, in order. `documents` says for each
 * line to which it belongs: 1, 2, …. The first one claims the promotions.
 */
create function pricing.document_quotes(
    untaxed jsonb, documents integer[], context pricing.context
)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_last integer = (select max(document) from unnest(documents) as document);
begin
    if v_last = 1 then
        return array[pricing.add_taxes(untaxed, context)];
    end if;
    return array(
        select
            pricing.add_taxes(
                jsonb_build_object(
                    'currency', untaxed -> 'currency',
                    'lines', jsonb_agg(line.value order by line.place),
                    'promotions', case document when 1 then untaxed -> 'promotions' else '[]' end,
                    'subtotal_minor', sum((line.value ->> 'amount_minor')::bigint),
                    'discount_minor', sum((line.value ->> 'discount_minor')::bigint)
                ),
                context
            )
        from jsonb_array_elements(untaxed -> 'lines') with ordinality as line (value, place)
        inner join unnest(documents) with ordinality as belonging (document, place) using (place)
        group by document
        order by document
    );
end;
$$;

/*
 * Return several quotes as one: their lines in the order in which they were asked for, their taxes
 * by component and rate, and the totals.
 */
create function pricing.merge_quotes(quotes jsonb[], documents integer[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if cardinality(quotes) = 1 then
        return quotes[1];
    end if;
    return jsonb_build_object(
        'currency', quotes[1] -> 'currency',
        'lines', (
            select
                jsonb_agg(
                    quotes[asked.document] -> 'lines' -> (asked.place_in_document - 1)::integer
                    order by asked.place
                )
            from (
                select
                    belonging.document,
                    belonging.place,
                    row_number() over (partition by belonging.document order by belonging.place)
                        as place_in_document
                from unnest(documents) with ordinality as belonging (document, place)
            ) as asked
        ),
        'taxes', pricing.merge_taxes(quotes),
        'promotions', quotes[1] -> 'promotions',
        'subtotal_minor', pricing.sum_of(quotes, 'subtotal_minor'),
        'discount_minor', pricing.sum_of(quotes, 'discount_minor'),
        'tax_minor', pricing.sum_of(quotes, 'tax_minor'),
        'total_minor', pricing.sum_of(quotes, 'total_minor')
    );
end;
$$;

/*
 * Return the taxes of several quotes, added up for each component and rate.
 */
create function pricing.merge_taxes(quotes jsonb[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            jsonb_agg(
                merged.tax || jsonb_build_object(
                    'base_minor', merged.base_minor, 'tax_minor', merged.tax_minor
                )
                order by merged.place
            )
        from (
            select
                tax.value - '{base_minor,tax_minor}'::text[] as tax,
                min(quote.place * 1000 + tax.place) as place,
                sum((tax.value ->> 'base_minor')::bigint) as base_minor,
                sum((tax.value ->> 'tax_minor')::bigint) as tax_minor
            from unnest(quotes) with ordinality as quote (value, place)
            cross join jsonb_array_elements(quote.value -> 'taxes')
                with ordinality as tax (value, place)
            group by 1
        ) as merged
    );
end;
$$;

/*
 * Return the sum of an amount over some quotes.
 */
create function pricing.sum_of(quotes jsonb[], name text)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum((quote.value ->> sum_of.name)::bigint), 0)
        from unnest(quotes) as quote (value)
    );
end;
$$;
