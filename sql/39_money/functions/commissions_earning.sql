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
    v_payout money.payouts = money.payout_of(
        coalesce(commission.party_id, commission.business_id),
        case
            when commission.party_id is null then commission.sale_line_id else commission.id
        end,
        commission.earned_at
    );
begin
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
 * Return the payout that has an earning of a business; nothing while it is open. A payout takes all
 * that it can, so it is one of the first that were made after the earning.
 */
create function money.payout_of(business_id uuid, earning_id uuid, earned_at timestamptz)
returns money.payouts
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_payout money.payouts;
begin
    if not exists (
        select 1
        from money.open_earnings as open
        where open.business_id = payout_of.business_id and open.earning_id = payout_of.earning_id
    ) then
        select payouts.* into v_payout
        from money.payouts
        where
            payouts.business_id = payout_of.business_id
            and payouts.created_at >= payout_of.earned_at
            and payouts.status not in ('rejected', 'reversed')
            and payout_of.earning_id = any(payouts.earning_ids)
        order by payouts.created_at
        limit 1;
    end if;
    return v_payout;
end;
$$;
