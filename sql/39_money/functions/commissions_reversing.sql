-- What corrections and refunds take back of a delivered line: in proportion, at the line's own
-- rate, as a running total.

/*
 * Return how much of each share of a line moves when so much of it is taken back in all.
 */
create function money.share_changes(terms money.line_terms, reversed_minor bigint)
returns money.share
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_was money.share = money.shares(terms, terms.reversed_minor);
    v_is money.share = money.shares(terms, share_changes.reversed_minor);
begin
    v_is.paid_minor = v_is.paid_minor - v_was.paid_minor;
    v_is.subsidy_minor = v_is.subsidy_minor - v_was.subsidy_minor;
    v_is.commission_minor = v_is.commission_minor - v_was.commission_minor;
    v_is.withheld_minor = v_is.withheld_minor - v_was.withheld_minor;
    v_is.net_minor = v_is.net_minor - v_was.net_minor;
    return v_is;
end;
$$;

/*
 * Take back so much of a line in all: at its own rate, as a running total.
 */
create function money.reverse_line(terms money.line_terms, reversed_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update money.line_terms
    set reversed_minor = reverse_line.reversed_minor
    where
        line_terms.business_id = terms.business_id
        and line_terms.sale_line_id = terms.sale_line_id;
    perform money.post_shares(
        terms, 'reversal', money.share_changes(terms, reverse_line.reversed_minor),
        array(
            select money.reverse_commissions(
                terms, (money.shares(terms, reverse_line.reversed_minor)).commission_minor
            )
        )
    );
end;
$$;

/*
 * Split what is left of a line's commission among its levels again. Returns how much each level has
 * more, or less: a unit may move between levels, and what is left never falls below 0.
 */
create function money.reverse_commissions(terms money.line_terms, left_minor bigint)
returns setof money.level_change
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    with levels as (
        select
            array_agg(commissions.id order by commissions.level) as ids,
            array_agg(commissions.amount_minor order by commissions.level) as amounts,
            array_agg(
                commissions.amount_minor - commissions.reversed_minor order by commissions.level
            ) as lefts
        from money.commissions
        where
            commissions.business_id = terms.business_id
            and commissions.sale_line_id = terms.sale_line_id
    )

    update money.commissions
    set reversed_minor = commissions.amount_minor - parts.is_minor
    from levels
    cross join lateral unnest(
        levels.ids, levels.lefts, pricing.split(reverse_commissions.left_minor, levels.amounts)
    ) as parts (id, was_minor, is_minor)
    where commissions.id = parts.id
    returning commissions.id, commissions.party_id, parts.is_minor - parts.was_minor;
end;
$$;

/*
 * Return how much of each line of a sale that has terms is taken back by now: by corrections, and
 * by refunds that gave back more than corrections took back. Such a refund takes from what it
 * refunds first, then from the fees that belong to it.
 */
create function money.reversed_lines(business_id uuid, sale_id uuid)
returns table (terms money.line_terms, reversed_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with standing as (
        select
            lines.*,
            sum(lines.standing_minor) over (partition by lines.root_id order by lines.place)
            - lines.standing_minor as before_minor,
            sum(case when lines.is_charged_for_another then 0 else lines.total_minor end)
                over per_root as sold_minor,
            sum(lines.standing_minor) over per_root as left_minor,
            sum(money.refunded_of(reversed_lines.business_id, lines.sale_line_id))
                over per_root as refunded_minor
        from sales.standing_lines(reversed_lines.business_id, reversed_lines.sale_id) as lines
        window per_root as (partition by lines.root_id)
    )

    select
        line_terms,
        line_terms.paid_minor - greatest(
            standing.standing_minor - greatest(
                greatest(
                    standing.refunded_minor - greatest(standing.sold_minor - standing.left_minor, 0), 0
                ) - standing.before_minor,
                0
            ),
            0
        )::bigint
    from standing
    inner join money.line_terms
        on
            line_terms.business_id = reversed_lines.business_id
            and line_terms.sale_line_id = standing.sale_line_id;
end;
$$;

/*
 * Return what refunds that succeeded gave back of a line.
 */
create function money.refunded_of(business_id uuid, sale_line_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(refund_lines.amount_minor), 0)
        from money.refund_lines
        inner join money.refunds
            on
                refunds.business_id = refund_lines.business_id
                and refunds.id = refund_lines.refund_id
        where
            refund_lines.business_id = refunded_of.business_id
            and refund_lines.sale_line_id = refunded_of.sale_line_id
            and refunds.status = 'succeeded'
    );
end;
$$;
