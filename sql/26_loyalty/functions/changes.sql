-- The three ways in which points of a locked account change: a lot is added, points are taken from
-- the lots that expire first, and points that were taken come back into the lots that they were
-- taken from. The caller holds the lock of loyalty.lock_accounts.

/*
 * Add a lot of points that expires at an instant, or never. Returns its id.
 */
create function loyalty.add_points(
    entry loyalty.entries, points bigint, expires_at timestamptz
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid;
begin
    insert into loyalty.lots (business_id, customer_id, expires_at, created_at)
    values (entry.business_id, entry.customer_id, add_points.expires_at, private.now())
    returning lots.id into v_lot_id;
    perform loyalty.write_entry(entry, v_lot_id, add_points.points);
    perform loyalty.repay_debt(entry.business_id, entry.customer_id);
    return v_lot_id;
end;
$$;

/*
 * Return when points that are earned now expire.
 */
create function loyalty.expiry_of(program loyalty.programs)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.now() + make_interval(days => program.expires_after_days);
end;
$$;

/*
 * Take points: from a lot if one is given, then from those that expire first, and the rest becomes
 * debt.
 */
create function loyalty.take_points(
    entry loyalty.entries, points bigint, first_lot_id uuid default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
    v_left bigint = points;
    v_part bigint;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        where
            lots.business_id = entry.business_id
            and lots.customer_id = entry.customer_id
            and lots.points > 0
        order by
            lots.id is distinct from take_points.first_lot_id,
            lots.expires_at nulls last,
            lots.created_at,
            lots.id
    loop
        exit when v_left = 0;
        v_part = least(v_left, v_lot.points);
        perform loyalty.write_entry(entry, v_lot.id, - v_part);
        v_left = v_left - v_part;
    end loop;
    if v_left > 0 then
        perform loyalty.write_entry(entry, null, - v_left);
    end if;
end;
$$;

/*
 * Give back points that a sale took: first what became debt, then into the lots that they were
 * taken from, the last to expire first. A lot that expired meanwhile loses them again, so nobody
 * makes points last longer by buying and giving back.
 */
create function loyalty.return_points(entry loyalty.entries, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_taken record;
    v_left bigint = points;
    v_part bigint;
begin
    for v_taken in
        select entries.lot_id, - sum(entries.points) as points
        from loyalty.entries
        left join loyalty.lots
            on lots.business_id = entries.business_id and lots.id = entries.lot_id
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.kind in ('redeemed', 'returned')
        group by entries.lot_id, lots.expires_at
        having sum(entries.points) < 0
        order by entries.lot_id is not null, lots.expires_at desc nulls first, entries.lot_id
    loop
        exit when v_left = 0;
        v_part = least(v_left, v_taken.points);
        perform loyalty.return_part(entry, v_taken.lot_id, v_part);
        v_left = v_left - v_part;
    end loop;
    perform loyalty.expire_lots(entry.business_id, entry.customer_id);
    perform loyalty.repay_debt(entry.business_id, entry.customer_id);
end;
$$;

/*
 * Give back a part of what a sale took, from a lot or from the debt. What of the debt was repaid
 * meanwhile comes back as a lot of its own.
 */
create function loyalty.return_part(entry loyalty.entries, lot_id uuid, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_debt bigint;
begin
    if return_part.lot_id is not null then
        perform loyalty.write_entry(entry, return_part.lot_id, return_part.points);
        return;
    end if;
    select least(accounts.debt_points, return_part.points) into strict v_debt
    from loyalty.accounts
    where
        accounts.business_id = entry.business_id and accounts.customer_id = entry.customer_id;
    if v_debt > 0 then
        perform loyalty.write_entry(entry, null, v_debt);
    end if;
    if return_part.points > v_debt then
        perform loyalty.add_points(
            entry, return_part.points - v_debt,
            loyalty.expiry_of(loyalty.program_of(entry.business_id))
        );
    end if;
end;
$$;

/*
 * Repay the debt of a locked account from its lots, as far as they go.
 */
create function loyalty.repay_debt(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_repaid bigint;
    v_entry loyalty.entries = loyalty.make_entry(
        repay_debt.business_id, repay_debt.customer_id, 'repaid'
    );
begin
    select least(accounts.points, accounts.debt_points) into strict v_repaid
    from loyalty.accounts
    where
        accounts.business_id = repay_debt.business_id
        and accounts.customer_id = repay_debt.customer_id;
    if v_repaid > 0 then
        perform loyalty.take_points(v_entry, v_repaid);
        perform loyalty.write_entry(v_entry, null, v_repaid);
    end if;
end;
$$;

/*
 * Take back points that a lot was earned with: those that expired of it are gone already.
 */
create function loyalty.claw_back(entry loyalty.entries, points bigint, lot_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_expired bigint = (
        select least(claw_back.points, coalesce(- sum(entries.points), 0))::bigint
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.lot_id = claw_back.lot_id
            and entries.kind = 'expired'
    );
begin
    if v_expired > 0 then
        perform loyalty.write_entry(
            loyalty.make_entry(entry.business_id, entry.customer_id, 'expired'),
            claw_back.lot_id, v_expired
        );
    end if;
    perform loyalty.take_points(entry, claw_back.points, claw_back.lot_id);
end;
$$;

/*
 * Refuse to use more points than somebody has.
 *
 * Errors:  PT409 insufficient_points
 */
create function loyalty.refuse_excess(points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'insufficient_points',
        case
            when points > 0 then format('Only %s points are left.', points)
            else 'There are no points to redeem.'
        end,
        'Redeem fewer points.'
    );
end;
$$;

/*
 * Redeem points for a sale. Whoever redeems the same points at the same moment waits, and is then
 * refused.
 *
 * Errors:  PT409 insufficient_points
 */
create function loyalty.redeem(
    business_id uuid, customer_id uuid, sale_id uuid, points bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left bigint;
begin
    if redeem.customer_id is null then
        perform loyalty.refuse_excess(0);
    end if;
    perform loyalty.lock_accounts(redeem.business_id, array[redeem.customer_id]);
    v_left = loyalty.spendable(redeem.business_id, redeem.customer_id, private.now());
    if v_left < redeem.points then
        perform loyalty.refuse_excess(v_left);
    end if;
    perform loyalty.take_points(
        loyalty.make_entry(redeem.business_id, redeem.customer_id, 'redeemed', redeem.sale_id),
        redeem.points
    );
end;
$$;
