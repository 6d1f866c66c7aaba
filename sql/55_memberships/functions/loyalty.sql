-- How the points of a sale follow from it. Whatever changes a sale (a delivery, a revision, a gift
-- card that pays) calls loyalty.settle_sale, which computes how many points the sale should have
-- earned and redeemed as it stands now, and writes the difference. So the order of the changes, and
-- how often one of them is told, make no difference.

/*
 * Bring the points of a sale to what follows from it. A business without a program costs one look.
 */
create function loyalty.settle_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(settle_sale.business_id);
    v_customer_id uuid;
begin
    if v_program.id is null then
        return;
    end if;
    v_customer_id = loyalty.customer_of_sale(settle_sale.business_id, settle_sale.sale_id);
    if v_customer_id is null then
        return;
    end if;
    perform loyalty.lock_accounts(
        v_program.business_id,
        v_customer_id || loyalty.referrers_of(v_program.business_id, v_customer_id)
    );
    perform loyalty.settle_redeemed(
        loyalty.make_entry(v_program.business_id, v_customer_id, 'returned', settle_sale.sale_id)
    );
    perform loyalty.settle_earned(
        v_program,
        loyalty.make_entry(v_program.business_id, v_customer_id, 'earned', settle_sale.sale_id)
    );
end;
$$;

/*
 * Return whose points a sale changes: whoever earned or redeemed points with it before, else
 * whoever bought.
 */
create function loyalty.customer_of_sale(business_id uuid, sale_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select earnings.customer_id
            from loyalty.earnings
            where
                earnings.business_id = customer_of_sale.business_id
                and earnings.sale_id = customer_of_sale.sale_id
        ),
        (
            select entries.customer_id
            from loyalty.entries
            where
                entries.business_id = customer_of_sale.business_id
                and entries.sale_id = customer_of_sale.sale_id
                and entries.kind = 'redeemed'
            limit 1
        ),
        (
            select customers.customer_of(sales.business_id, sales.customer_id, sales.customer_email)
            from sales.sales
            where
                sales.business_id = customer_of_sale.business_id
                and sales.id = customer_of_sale.sale_id
        )
    );
end;
$$;

/*
 * Give back the points that paid what was taken back of a sale, or take them again where it stands
 * again.
 */
create function loyalty.settle_redeemed(entry loyalty.entries)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_redeemed bigint;
    v_kept bigint;
    v_difference bigint;
begin
    select
        coalesce(- sum(entries.points) filter (where entries.kind = 'redeemed'), 0),
        coalesce(- sum(entries.points), 0)
    into v_redeemed, v_kept
    from loyalty.entries
    where
        entries.business_id = entry.business_id
        and entries.sale_id = entry.sale_id
        and entries.kind in ('redeemed', 'returned');
    if v_redeemed = 0 then
        return;
    end if;
    v_difference = v_kept
        - round(v_redeemed * loyalty.standing_share(entry.business_id, entry.sale_id));
    if v_difference > 0 then
        perform loyalty.return_points(entry, v_difference);
    elsif v_difference < 0 then
        perform loyalty.take_points(entry, - v_difference);
    end if;
end;
$$;

/*
 * Write what a sale earns, once all of it is provided, and take back what does not stand any more.
 */
create function loyalty.settle_earned(program loyalty.programs, entry loyalty.entries)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = loyalty.earning_amount(entry.business_id, entry.sale_id);
    v_earning loyalty.earnings = loyalty.earning_of(program, entry, v_amount);
begin
    if v_earning.sale_id is null then
        return;
    end if;
    perform loyalty.settle_lot(entry, 'clawed_back', loyalty.points_for(v_earning, v_amount));
    perform loyalty.reward_referral(entry, v_amount > 0);
end;
$$;

/*
 * Return by which terms a sale earns, and write them down when it earns for the first time: when it
 * is completed. Nothing is returned while it does not earn.
 */
create function loyalty.earning_of(
    program loyalty.programs, entry loyalty.entries, amount_minor bigint
)
returns loyalty.earnings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_earning loyalty.earnings;
begin
    select earnings.* into v_earning
    from loyalty.earnings
    where
        earnings.business_id = entry.business_id and earnings.sale_id = entry.sale_id;
    if v_earning.sale_id is not null
        or not program.is_active
        or amount_minor = 0
        or not loyalty.is_completed(entry.business_id, entry.sale_id) then
        return v_earning;
    end if;
    insert into loyalty.earnings (
        business_id, sale_id, customer_id, earn_points, earn_minor, rounding,
        minimum_spend_minor, percent, created_at
    )
    select
        sales.business_id, sales.id, entry.customer_id, program.earn_points, program.earn_minor,
        program.rounding, program.minimum_spend_minor,
        loyalty.percent_for(sales, entry.customer_id), private.now()
    from sales.sales
    where
        sales.business_id = entry.business_id
        and sales.id = entry.sale_id
        and sales.currency = program.currency
    returning earnings.* into v_earning;
    return v_earning;
end;
$$;

/*
 * Bring what a customer was given for a sale to a number of points: the first of them are a lot,
 * and later changes, of the kind of corrections, change that lot.
 */
create function loyalty.settle_lot(
    entry loyalty.entries, correction loyalty.entry_kind, target bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid = loyalty.lot_of(entry);
    v_difference bigint = target - loyalty.given_for(entry, correction);
    v_correction loyalty.entries = loyalty.make_entry(
        entry.business_id, entry.customer_id, correction, entry.sale_id
    );
begin
    if v_difference < 0 then
        perform loyalty.claw_back(v_correction, - v_difference, v_lot_id);
    elsif v_difference > 0 and v_lot_id is null then
        perform loyalty.add_points(
            entry, v_difference, loyalty.expiry_of(loyalty.program_of(entry.business_id))
        );
    elsif v_difference > 0 then
        perform loyalty.write_entry(v_correction, v_lot_id, v_difference);
        perform loyalty.expire_lots(entry.business_id, entry.customer_id);
        perform loyalty.repay_debt(entry.business_id, entry.customer_id);
    end if;
end;
$$;

/*
 * Return the lot of what a customer was given for a sale; null if nothing was given.
 */
create function loyalty.lot_of(entry loyalty.entries)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select entries.lot_id
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.customer_id = entry.customer_id
            and entries.kind = entry.kind
            and entries.points > 0
        limit 1
    );
end;
$$;

/*
 * Return how many points a customer was given for a sale, less what was taken back.
 */
create function loyalty.given_for(entry loyalty.entries, correction loyalty.entry_kind)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(entries.points), 0)
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.customer_id = entry.customer_id
            and entries.kind in (entry.kind, correction)
    );
end;
$$;
