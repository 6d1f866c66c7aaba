-- How memberships end. Time ends them; a worker only records that they ended, tells the member, and
-- takes back invoices that can no longer be paid.

/*
 * Record that a membership is over. The invoice of whoever never began is taken back at once; that
 * of a renewal can be paid until its period is over, which restores the membership.
 */
create function memberships.close(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    update memberships.memberships
    set
        closed_at = private.now(),
        ends_at = least(memberships.ends_at, memberships.due_until),
        renews_at = null,
        next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    update memberships.membership_periods as periods
    set next_charge_at = null
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.next_charge_at is not null;
    if v_membership.granted_plan_id is null then
        perform memberships.void_period(
            v_membership.business_id, v_membership.id, v_membership.number, 'expired'
        );
        return;
    end if;
    perform customers.end_access(
        v_membership.business_id, v_membership.id, v_membership.ends_at
    );
    perform memberships.emit('membership.ended', v_membership);
end;
$$;

/*
 * Record the ends of memberships that are over. Returns how many. Several workers may run it at
 * once; each skips what another has locked.
 */
create function memberships.close_ended(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ended memberships.memberships[] = array(
        select memberships
        from memberships.memberships
        where
            memberships.closed_at is null
            and (
                memberships.ends_at <= private.now()
                or memberships.due_until <= private.now()
            )
            and memberships.is_over(memberships, private.now())
        limit close_ended.batch_size
        for update skip locked
    );
begin
    perform memberships.close(ended) from unnest(v_ended) as ended;
    return cardinality(v_ended);
end;
$$;

/*
 * Take back the invoices of periods that are over and were not paid. Returns how many.
 */
create function memberships.void_unpaid(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_unpaid memberships.membership_periods[] = array(
        select periods
        from memberships.membership_periods as periods
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where
            periods.paid_at is null
            and periods.voided_at is null
            and periods.ends_at <= private.now()
            and memberships.closed_at is not null
        limit void_unpaid.batch_size
        for update of memberships skip locked
    );
begin
    perform memberships.void_period(
        unpaid.business_id, unpaid.membership_id, unpaid.number, 'expired'
    )
    from unnest(v_unpaid) as unpaid;
    return cardinality(v_unpaid);
end;
$$;
