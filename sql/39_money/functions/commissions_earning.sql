-- Delivered lines are earned: their terms are frozen, and their shares posted, in the transaction
-- that delivers them. What refunds and corrections take back is posted as the difference between
-- what the shares are now and what they were, so it does not matter which of the two came first,
-- and a repetition writes nothing.

/*
 * Bring what was earned by a sale up to date.
 * Definer: it runs inside triggers of whoever delivers, corrects or refunds.
 */
create function money.update_earnings(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
    v_line record;
begin
    -- Always the last lock that a transaction takes of a sale, so the order cannot be reversed.
    perform private.lock(array[md5('earnings ' || update_earnings.sale_id)::uuid]);
    select sales.* into strict v_sale
    from sales.sales
    where sales.business_id = update_earnings.business_id and sales.id = update_earnings.sale_id;
    for v_line in
        select sale_lines.*::sales.sale_lines as line
        from sales.sale_line_deliveries as deliveries
        inner join sales.sale_lines on sale_lines.id = deliveries.sale_line_id
        left join money.line_terms
            on
                line_terms.business_id = deliveries.business_id
                and line_terms.sale_line_id = deliveries.sale_line_id
        where
            deliveries.business_id = v_sale.business_id
            and deliveries.sale_id = v_sale.id
            and line_terms.sale_line_id is null
        order by sale_lines.position
    loop
        perform money.earn_line(money.terms_of(v_sale, v_line.line));
    end loop;
    perform money.reverse_line(lines.terms, lines.reversed_minor)
    from money.reversed_lines(v_sale.business_id, v_sale.id) as lines
    where lines.reversed_minor <> (lines.terms).reversed_minor;
    perform money.release_paid_sale(v_sale.business_id, v_sale.id);
end;
$$;

/*
 * Return the terms of a line that is delivered now. The rate follows from when the sale was placed.
 */
create function money.terms_of(sale sales.sales, line sales.sale_lines)
returns money.line_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan_id uuid = money.plan_at(sale, line);
begin
    return money.make_terms(
        line, v_plan_id, sale.currency, money.turnover_for(v_plan_id, sale),
        sales.line_total(line),
        (
            select coalesce(sum(discounts.amount_minor), 0)::bigint
            from sales.sale_line_discounts as discounts
            where
                discounts.business_id = line.business_id
                and discounts.sale_line_id = line.id
                and discounts.bearer = 'platform'
        )
    );
end;
$$;

/*
 * Freeze the terms of a line, write the commission of each level, and post what everybody has.
 */
create function money.earn_line(terms money.line_terms)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.line_terms select terms.*;
    perform money.post_shares(
        terms, 'line', money.shares(terms, 0),
        array(select money.write_commissions(terms))
    );
end;
$$;

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
 * Write the commissions of a line, one for each level. Returns what each level has.
 */
create function money.write_commissions(terms money.line_terms)
returns setof money.level_change
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into money.commissions (
        business_id, sale_id, sale_line_id, level, party_id, currency, amount_minor, earned_at
    )
    select
        terms.business_id, terms.sale_id, terms.sale_line_id, levels.level, parties.party_id,
        terms.currency, levels.amount_minor, terms.delivered_at
    from money.split_commission(terms.plan_id, terms.commission_minor) as levels
    left join money.commission_parties as parties
        on parties.business_id = terms.business_id and parties.level = levels.level
    returning commissions.id, commissions.party_id, commissions.amount_minor;
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
 * Return the payout that has a commission, and the status that follows: a line's payout pays the
 * platform, and a party is paid by its own.
 * Definer: who reads the commission may not read the payout of the party.
 */
create function money.commission_state(
    commission money.commissions, out payout_id uuid, out status money.commission_status
)
returns record
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    select payouts.* into v_payout
    from money.payout_items as items
    inner join money.payouts
        on payouts.business_id = items.business_id and payouts.id = items.payout_id
    where
        items.business_id = coalesce(commission.party_id, commission.business_id)
        and items.earning_id = case
            when commission.party_id is null then commission.sale_line_id else commission.id
        end
        and items.is_live;
    commission_state.payout_id = v_payout.id;
    commission_state.status = case
        when v_payout.status = 'paid' then 'paid'
        when commission.reversed_minor = commission.amount_minor
            and commission.amount_minor > 0 then 'reversed'
        when v_payout.status in ('approved', 'in_transit') then 'approved'
        else 'pending'
    end;
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
