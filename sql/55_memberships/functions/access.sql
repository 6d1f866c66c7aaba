-- What a membership grants, written downwards: an entitlement for as long as it lasts, and an
-- allowance of visits or credits for each period. Whatever changes a membership calls
-- memberships.write_access, which ends what was granted and grants what follows from the row.

/*
 * Return the pause of a membership, which may be empty or without an end.
 */
create function memberships.pause_of(membership memberships.memberships)
returns tstzmultirange
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when (membership).paused_at is null then '{}'::tstzmultirange
        else tstzrange((membership).paused_at, (membership).resumes_at)::tstzmultirange
    end;
end;

/*
 * Return when a membership has its benefits from an instant on: until it ends or, if it renews,
 * until the grace after what is paid; not during a pause.
 */
create function memberships.access_periods(
    membership memberships.memberships, from_at timestamptz
)
returns tstzmultirange
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        case
            when (membership).granted_plan_id is not null
                then
                    multirange(
                        tstzrange(
                            from_at,
                            greatest(from_at, least((membership).ends_at, (membership).due_until))
                        )
                    )
            else '{}'
        end - memberships.pause_of(membership);
end;

/*
 * Write what a membership grants from now on, as its row is.
 */
create function memberships.write_access(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    perform customers.end_access(membership.business_id, membership.id, v_now);
    perform customers.grant_access(
        membership.business_id, membership.customer_id, membership.id, membership_plans.access,
        membership_plans.advance_days, granted.during
    )
    from memberships.membership_plans
    cross join unnest(memberships.access_periods(membership, v_now)) as granted (during)
    where
        membership_plans.business_id = membership.business_id
        and membership_plans.id = membership.granted_plan_id;
    perform memberships.write_allowance(membership);
end;
$$;

/*
 * Write the allowance of the latest paid period of a membership: what its plan grants, for as long
 * as the period lasts. Visits that were used stay used when the plan or the period changes.
 */
create function memberships.write_allowance(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
    v_allowance customers.allowances;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.paid_at is not null
    order by periods.number desc
    limit 1;
    v_allowance = memberships.allowance_of(membership, v_period);
    update customers.allowances
    set
        name = v_allowance.name,
        during = v_allowance.during,
        granted = greatest(allowances.used, v_allowance.granted, 1),
        item_ids = v_allowance.item_ids,
        item_units = v_allowance.item_units
    where
        allowances.business_id = membership.business_id
        and allowances.source_id = v_period.id;
    if not found and v_allowance.granted > 0 then
        insert into customers.allowances (
            business_id, customer_id, source_id, name, during, granted, item_ids, item_units,
            created_at
        )
        values (
            membership.business_id, membership.customer_id, v_period.id, v_allowance.name,
            v_allowance.during, v_allowance.granted, v_allowance.item_ids,
            v_allowance.item_units, private.now()
        );
    end if;
end;
$$;

/*
 * Return the allowance that a period of a membership grants, as its plan says. A plan without
 * credits grants none.
 */
create function memberships.allowance_of(
    membership memberships.memberships, period memberships.membership_periods
)
returns customers.allowances
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_allowance customers.allowances;
begin
    select
        membership_plans.name,
        coalesce(membership_plans.credits, 0),
        coalesce(array_agg(services.service_id order by services.service_id), '{}'),
        coalesce(array_agg(services.credits order by services.service_id), '{}')
    into v_allowance.name, v_allowance.granted, v_allowance.item_ids, v_allowance.item_units
    from memberships.membership_plans
    inner join memberships.plan_services as services
        on
            services.business_id = membership_plans.business_id
            and services.plan_id = membership_plans.id
    where
        membership_plans.business_id = membership.business_id
        and membership_plans.id = membership.granted_plan_id
    group by membership_plans.id;
    v_allowance.during = case
        when membership.granted_plan_id is null
            or least(period.ends_at, membership.ends_at) <= period.starts_at then '{}'
        else tstzmultirange(
            tstzrange(period.starts_at, least(period.ends_at, membership.ends_at))
        )
    end - memberships.pause_of(membership);
    return v_allowance;
end;
$$;
