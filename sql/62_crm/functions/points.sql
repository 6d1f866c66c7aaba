-- The points of two customers who become one. Lots move as rows; what an account says is counted
-- from its lots again, and a debt is repaid from the points of both.

/*
 * Lock the points of both customers of a merger. Without points of the duplicate nothing is locked.
 */
create function crm.lock_points(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from loyalty.accounts
        where
            accounts.business_id = merge.business_id
            and accounts.customer_id = merge.duplicate_id
    ) then
        perform loyalty.lock_accounts(
            merge.business_id, array[merge.customer_id, merge.duplicate_id]
        );
    end if;
end;
$$;

/*
 * Make the accounts of both customers of a merger say what their lots say.
 */
create function crm.recount_points(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update loyalty.accounts
    set points = (
        select coalesce(sum(lots.points), 0)
        from loyalty.lots
        where
            lots.business_id = accounts.business_id
            and lots.customer_id = accounts.customer_id
    )
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id in (merge.customer_id, merge.duplicate_id);
end;
$$;

/*
 * Take the debt of the duplicate over, and repay it from the points that they had.
 */
create function crm.take_debt_over(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_debt bigint;
begin
    select accounts.debt_points into v_debt
    from loyalty.accounts
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id = merge.duplicate_id;
    if v_debt > 0 then
        perform loyalty.write_entry(
            loyalty.make_entry(
                merge.business_id, merge.duplicate_id, 'adjusted', reason => 'Merged'
            ),
            null, v_debt
        );
        perform loyalty.write_entry(
            loyalty.make_entry(
                merge.business_id, merge.customer_id, 'adjusted', reason => 'Merged'
            ),
            null, - v_debt
        );
    end if;
    perform loyalty.repay_debt(accounts.business_id, accounts.customer_id)
    from loyalty.accounts
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id = merge.customer_id;
end;
$$;
