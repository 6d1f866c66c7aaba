-- The last step of a quote: tax.

/*
 * Add the taxes of a quote: its rows, the share of each line, and the totals. No rate is known yet,
 * so everything stands under `none`.
 */
create function pricing.add_taxes(quote jsonb, context pricing.context)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_base bigint = (quote ->> 'subtotal_minor')::bigint - (quote ->> 'discount_minor')::bigint;
begin
    return quote || jsonb_build_object(
        'taxes', jsonb_build_array(jsonb_build_object(
            'component', 'none',
            'rate_bps', 0,
            'jurisdiction', null,
            'base_minor', v_base,
            'tax_minor', 0,
            'is_included', true
        )),
        'tax_minor', 0,
        'total_minor', v_base
    );
end;
$$;
