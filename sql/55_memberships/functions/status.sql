-- What a membership is at an instant. The row alone says so, whether workers run or not.

/*
 * Does a pause include an instant? A pause without an end lasts until somebody resumes it.
 */
create function memberships.is_within_pause(
    paused_at timestamptz, resumes_at timestamptz, at timestamptz
)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(paused_at <= at and coalesce(resumes_at > at, true), false);
end;

/*
 * Is a membership paused at an instant?
 */
create function memberships.is_paused(membership memberships.memberships, at timestamptz)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.is_within_pause((membership).paused_at, (membership).resumes_at, at);
end;

/*
 * Return the status at an instant of a membership of which these columns are known. Analysts read
 * no others.
 */
create function memberships.status_of(
    granted_plan_id uuid,
    trial_ends_at timestamptz,
    paid_until timestamptz,
    due_until timestamptz,
    ends_at timestamptz,
    cancelled_at timestamptz,
    paused_at timestamptz,
    resumes_at timestamptz,
    at timestamptz
)
returns memberships.membership_status
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select (
        case
            when ends_at <= at
                then case when cancelled_at is null then 'expired' else 'cancelled' end
            when memberships.is_within_pause(paused_at, resumes_at, at) then 'paused'
            when granted_plan_id is null
                then case when due_until > at then 'past_due' else 'expired' end
            when trial_ends_at > at then 'trialing'
            when paid_until > at then 'active'
            when due_until > at then 'past_due'
            else 'expired'
        end
    )::memberships.membership_status;
end;

/*
 * Return the status of a membership at an instant.
 */
create function memberships.status_at(membership memberships.memberships, at timestamptz)
returns memberships.membership_status
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.status_of(
        (membership).granted_plan_id,
        (membership).trial_ends_at,
        (membership).paid_until,
        (membership).due_until,
        (membership).ends_at,
        (membership).cancelled_at,
        (membership).paused_at,
        (membership).resumes_at,
        at
    );
end;

/*
 * Is a membership over at an instant: ended, or unpaid for too long?
 */
create function memberships.is_over(membership memberships.memberships, at timestamptz)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.status_at(membership, at) in ('cancelled', 'expired');
end;

/*
 * Is the caller a member: of a plan, or of any plan of a business? Entitlements and time alone say
 * so.
 * Definer: nobody reads entitlements.
 */
create function memberships.is_member(plan_id uuid, business_id uuid, at timestamptz)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if is_member.plan_id is not null then
        return exists (
            select 1
            from memberships.membership_plans
            inner join customers.customers
                on customers.business_id = membership_plans.business_id
            inner join customers.entitlements
                on
                    entitlements.business_id = customers.business_id
                    and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
            where
                membership_plans.id = is_member.plan_id
                and customers.user_id = auth.uid()
                and entitlements.access = membership_plans.access
                and entitlements.during @> is_member.at
        );
    end if;
    return exists (
        select 1
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = is_member.business_id
            and customers.user_id = auth.uid()
            and entitlements.source_id is not null
            and entitlements.during @> is_member.at
    );
end;
$$;
