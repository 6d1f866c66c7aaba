-- What customers paid for before. An allowance has units that pay for things, such as the visits
-- of a pass or of a period of a membership. It pays before any promotion, and pays the thing
-- itself, not its extras. Here nothing is used: a sale uses what its quote lists.

/*
 * Return what allowances pay of some lines: the allowance that ends first pays first, as many of a
 * line as its units suffice for.
 */
create function pricing.allowance_discounts(lines pricing.line[], context pricing.context)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_allowances customers.allowances[] = array(
        select allowances
        from customers.allowances
        where
            allowances.business_id = context.business_id
            and allowances.customer_id = context.customer_id
            and allowances.used < allowances.granted
        order by upper(allowances.during), allowances.created_at, allowances.id
    );
    v_discounts pricing.discount[] = '{}';
    v_unpaid integer;
    v_units integer;
    v_count integer;
begin
    for v_place in 1 .. cardinality(lines) loop
        v_unpaid = lines[v_place].quantity;
        for v_index in 1 .. cardinality(v_allowances) loop
            v_units = pricing.units_of(v_allowances[v_index], lines[v_place], context.at);
            v_count = least(
                v_unpaid,
                (v_allowances[v_index].granted - v_allowances[v_index].used) / v_units
            );
            if v_units > 0 and v_count > 0 then
                v_discounts = v_discounts || pricing.paid_by_allowance(
                    v_allowances[v_index], lines[v_place], v_place, v_count, v_units
                );
                v_allowances[v_index].used = v_allowances[v_index].used + v_count * v_units;
                v_unpaid = v_unpaid - v_count;
            end if;
        end loop;
    end loop;
    return v_discounts;
end;
$$;

/*
 * Return how many units of an allowance one of a line costs; null if the allowance does not pay it
 * then, or it costs nothing.
 */
create function pricing.units_of(
    allowance customers.allowances, line pricing.line, at timestamptz
)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case
        when line.unit_minor > coalesce((select sum(minor) from unnest(line.addon_minors) as minor), 0)
            and allowance.during @> coalesce(line.starts_at, units_of.at)
            then allowance.item_units[array_position(allowance.item_ids, line.item_id)]
    end;
end;
$$;

/*
 * Make what an allowance pays of a line: so many of it, without their extras.
 */
create function pricing.paid_by_allowance(
    allowance customers.allowances,
    line pricing.line,
    place integer,
    count integer,
    units integer
)
returns pricing.discount
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_discount pricing.discount;
begin
    v_discount.place = paid_by_allowance.place;
    v_discount.name = allowance.name;
    v_discount.bearer = 'business';
    v_discount.amount_minor = paid_by_allowance.count * (
        line.unit_minor - coalesce((select sum(minor) from unnest(line.addon_minors) as minor), 0)
    );
    v_discount.allowance_id = allowance.id;
    v_discount.units = paid_by_allowance.count * paid_by_allowance.units;
    return v_discount;
end;
$$;
