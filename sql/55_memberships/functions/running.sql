-- What a run does: everything that is due, in sets.

/*
 * Tell members of renewals ahead, once each, as many days before as their plan says. Returns how
 * many were told.
 */
create function memberships.remind(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    with due as (
        select
            memberships.business_id,
            memberships.id
        from memberships.memberships
        inner join memberships.membership_plans
            on
                membership_plans.business_id = memberships.business_id
                and membership_plans.id = memberships.plan_id
        where
            memberships.closed_at is null
            and memberships.renews_at > private.now()
            and memberships.renews_at <= private.now() + interval '60 days'
            and memberships.renews_at
            <= private.now() + make_interval(days => membership_plans.reminder_days)
            and membership_plans.reminder_days > 0
            and memberships.reminded_for is distinct from memberships.renews_at
        limit remind.batch_size
        for update of memberships skip locked
    ),

    told as (
        update memberships.memberships
        set reminded_for = memberships.renews_at
        from due
        where memberships.business_id = due.business_id and memberships.id = due.id
        returning memberships.business_id, memberships.id
    ),

    emitted as (
        select private.emit_all(
            array_agg('membership.renewing'::text),
            array_agg(
                jsonb_build_object('membership_id', told.id, 'business_id', told.business_id)
            ),
            array_agg(null::timestamptz)
        )
        from told
        having count(*) > 0
    )

    select count(*) into v_count from told left join emitted on true;
    return v_count;
end;
$$;

/*
 * Do what is due, at most so much of each kind: renew, charge, remind, record ends, and take back
 * invoices. Returns how much was done; 0: nothing is due.
 * Definer: called by the workers, who have no access to the tables.
 */
create function memberships.run_due(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return memberships.renew_due(batch_size)
        + memberships.charge_due(batch_size)
        + memberships.remind(batch_size)
        + memberships.close_ended(batch_size)
        + memberships.void_unpaid(batch_size);
end;
$$;
