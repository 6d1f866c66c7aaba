-- How an amount is divided so that nothing is lost.

/*
 * Split an amount in proportion to weights, by largest remainder; ties go to the first. The parts
 * add up to the amount. Without any weight the parts are equal.
 */
create function pricing.split(amount_minor bigint, weights bigint[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(weight) from unnest(weights) as weight);
begin
    if v_total = 0 then
        return pricing.split(amount_minor, array_fill(1::bigint, array[cardinality(weights)]));
    end if;
    return array(
        with shares as (
            select
                parts.place,
                div(amount_minor * parts.weight::numeric, v_total) as whole,
                mod(amount_minor * parts.weight::numeric, v_total) as remainder
            from unnest(weights) with ordinality as parts (weight, place)
        ),

        ranked as (
            select
                shares.*,
                row_number() over (order by shares.remainder desc, shares.place) as rank,
                amount_minor - sum(shares.whole) over () as rest
            from shares
        )

        select (ranked.whole + (ranked.rank <= ranked.rest)::integer)::bigint
        from ranked
        order by ranked.place
    );
end;
$$;
