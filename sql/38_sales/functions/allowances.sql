-- How sales use allowances: visits and credits are used when a sale is placed, and given back when
-- the seller says so. What is used never exceeds what was granted, whoever buys at that moment.

/*
 * Use the allowances that a quote lists, in the order of their ids. Whoever comes after the last
 * unit is refused, because the price is another now.
 *
 * Errors:  PT409 price_changed
 */
create function sales.claim_allowances(business_id uuid, sale_id uuid, uses jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_use record;
begin
    for v_use in
        select uses.allowance_id, uses.place, uses.units
        from jsonb_to_recordset(coalesce(claim_allowances.uses, '[]'))
            as uses (allowance_id uuid, place integer, units integer)
        order by uses.allowance_id, uses.place
    loop
        if not customers.use_allowance(
            claim_allowances.business_id, v_use.allowance_id, v_use.units
        ) then
            perform pricing.refuse_changed_price();
        end if;
        insert into sales.sale_line_allowances (
            business_id, sale_line_id, allowance_id, units, at
        )
        select
            sale_lines.business_id, sale_lines.id, v_use.allowance_id, v_use.units, private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = claim_allowances.business_id
            and sale_lines.sale_id = claim_allowances.sale_id
            and sale_lines.position = v_use.place;
    end loop;
end;
$$;

/*
 * Give back the units that paid some lines, or all lines, of a sale, each once.
 */
create function sales.return_allowances(
    business_id uuid, sale_id uuid, line_ids uuid[] default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    with returned as (
        update sales.sale_line_allowances
        set returned_at = private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = return_allowances.business_id
            and sale_lines.sale_id = return_allowances.sale_id
            and sale_line_allowances.business_id = sale_lines.business_id
            and sale_line_allowances.sale_line_id = sale_lines.id
            and sale_line_allowances.returned_at is null
            and (
                return_allowances.line_ids is null
                or sale_lines.id = any(return_allowances.line_ids)
            )
        returning sale_line_allowances.allowance_id, sale_line_allowances.units
    )

    update customers.allowances
    set used = allowances.used - given.units
    from (
        select returned.allowance_id, sum(returned.units) as units
        from returned
        group by returned.allowance_id
    ) as given
    where
        allowances.business_id = return_allowances.business_id
        and allowances.id = given.allowance_id;
end;
$$;
