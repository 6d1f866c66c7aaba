-- What of a sale was provided. Upper domains say so; the money that it earns reacts.

/*
 * Return the lines of a sale that charge something, each with what still stands of it. Lines that
 * take back reduce those that they correct, the latest first; fees are taken back from fees.
 * `root_id` is the line to which it belongs: itself, or the one that it charges a fee for.
 */
create function sales.standing_lines(business_id uuid, sale_id uuid)
returns table (
    sale_line_id uuid,
    root_id uuid,
    is_charged_for_another boolean,
    place smallint,
    total_minor bigint,
    standing_minor bigint
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with lines as (
        select
            sale_lines.id,
            sale_lines.position,
            sale_lines.kind,
            sale_lines.corrects_line_id is not null
            and sale_lines.kind = 'fee' as is_charged_for_another,
            sales.line_total(sale_lines) as total_minor,
            case
                when sale_lines.corrects_line_id is not null then sale_lines.corrects_line_id
                when sale_lines.kind <> 'fee' then sale_lines.id
                else first_value(sale_lines.id) over (
                    partition by sale_lines.kind, sale_lines.corrects_line_id
                    order by sale_lines.position
                )
            end as root_id
        from sales.sale_lines
        where
            sale_lines.business_id = standing_lines.business_id
            and sale_lines.sale_id = standing_lines.sale_id
            and sale_lines.kind <> 'voucher'
    ),

    sums as (
        select
            lines.*,
            sum(lines.total_minor) over per_root as left_minor,
            sum(greatest(lines.total_minor, 0)) over (per_root order by lines.position)
            - greatest(lines.total_minor, 0) as before_minor
        from lines
        window per_root as (partition by lines.root_id, lines.kind)
    )

    select
        sums.id,
        sums.root_id,
        sums.is_charged_for_another,
        sums.position,
        sums.total_minor,
        least(greatest(sums.left_minor - sums.before_minor, 0), sums.total_minor)::bigint
    from sums
    where sums.total_minor >= 0;
end;
$$;

/*
 * Note that lines of a sale were provided: the given ones, or all that stand. A line is delivered
 * once, however often this is called. Gift cards are delivered when they are used.
 */
create function sales.deliver_lines(
    business_id uuid, sale_id uuid, line_ids uuid[] default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into sales.sale_line_deliveries (business_id, sale_line_id, sale_id, at)
    select
        deliver_lines.business_id, standing.sale_line_id, deliver_lines.sale_id, private.now()
    from sales.standing_lines(deliver_lines.business_id, deliver_lines.sale_id) as standing
    inner join sales.sale_lines on sale_lines.id = standing.sale_line_id
    where
        sale_lines.kind <> 'gift_card'
        and (standing.standing_minor > 0 or standing.total_minor = 0)
        and (deliver_lines.line_ids is null or standing.sale_line_id = any(deliver_lines.line_ids))
    on conflict do nothing;
end;
$$;
