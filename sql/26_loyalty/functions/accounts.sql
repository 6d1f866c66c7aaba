-- How points change. Whoever changes them locks the account first, so the changes of a customer
-- come one after another. Accounts are locked last, after everything else that a sale locks.

/*
 * Return the program of a business; no id if it has none.
 */
create function loyalty.program_of(business_id uuid)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs;
begin
    select programs.* into v_program
    from loyalty.programs
    where programs.business_id = program_of.business_id;
    return v_program;
end;
$$;

/*
 * Return how many points a customer can redeem at an instant.
 */
create function loyalty.spendable(business_id uuid, customer_id uuid, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(lots.points), 0)::bigint
        from loyalty.lots
        where
            lots.business_id = spendable.business_id
            and lots.customer_id = spendable.customer_id
            and lots.points > 0
            and coalesce(lots.expires_at > spendable.at, true)
    );
end;
$$;

/*
 * Lock the accounts of some customers of a business, in the order of their ids, and write down
 * what expired of them. Accounts are opened where there are none.
 */
create function loyalty.lock_accounts(business_id uuid, customer_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid;
begin
    for v_customer_id in
        select distinct customer from unnest(customer_ids) as customer order by customer
    loop
        insert into loyalty.accounts (business_id, customer_id)
        values (lock_accounts.business_id, v_customer_id)
        on conflict do nothing;
        perform 1
        from loyalty.accounts
        where
            accounts.business_id = lock_accounts.business_id
            and accounts.customer_id = v_customer_id
        for update;
        perform loyalty.expire_lots(lock_accounts.business_id, v_customer_id);
    end loop;
end;
$$;

/*
 * Write down that lots of a locked account have expired.
 */
create function loyalty.expire_lots(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        where
            lots.business_id = expire_lots.business_id
            and lots.customer_id = expire_lots.customer_id
            and lots.points > 0
            and lots.expires_at <= private.now()
        order by lots.expires_at, lots.id
    loop
        perform loyalty.write_entry(
            loyalty.make_entry(v_lot.business_id, v_lot.customer_id, 'expired'),
            v_lot.id, - v_lot.points
        );
    end loop;
end;
$$;

/*
 * Make an entry without its points: whose it is, and why.
 */
create function loyalty.make_entry(
    business_id uuid,
    customer_id uuid,
    kind loyalty.entry_kind,
    sale_id uuid default null,
    reason text default null,
    actor_id uuid default null
)
returns loyalty.entries
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_entry loyalty.entries;
begin
    v_entry.business_id = make_entry.business_id;
    v_entry.customer_id = make_entry.customer_id;
    v_entry.kind = make_entry.kind;
    v_entry.sale_id = make_entry.sale_id;
    v_entry.reason = make_entry.reason;
    v_entry.actor_id = make_entry.actor_id;
    return v_entry;
end;
$$;

/*
 * Write an entry of a locked account: a change of a lot or, without one, of the debt.
 */
create function loyalty.write_entry(entry loyalty.entries, lot_id uuid, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into loyalty.entries (
        business_id, customer_id, lot_id, kind, points, sale_id, reason, actor_id, created_at
    )
    values (
        entry.business_id, entry.customer_id, write_entry.lot_id, entry.kind, write_entry.points,
        entry.sale_id, entry.reason, entry.actor_id, private.now()
    );
    update loyalty.lots
    set points = lots.points + write_entry.points
    where lots.business_id = entry.business_id and lots.id = write_entry.lot_id;
    update loyalty.accounts
    set
        points = accounts.points + case
            when write_entry.lot_id is null then 0 else write_entry.points
        end,
        debt_points = accounts.debt_points - case
            when write_entry.lot_id is null then write_entry.points else 0
        end
    where
        accounts.business_id = entry.business_id and accounts.customer_id = entry.customer_id;
end;
$$;
