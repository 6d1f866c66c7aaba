-- What happens when a period is paid, or is free: the membership lasts until its end, its benefits
-- are granted, and the business has earned it. A payment that comes late restores the membership.

/*
 * Lock a membership by its id, and return it.
 */
create function memberships.lock(business_id uuid, membership_id uuid)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    select memberships.* into v_membership
    from memberships.memberships
    where
        memberships.business_id = lock.business_id
        and memberships.id = lock.membership_id
    for update;
    return v_membership;
end;
$$;

/*
 * Note that a period is paid or free, once. The first period of a membership without a trial begins
 * with its payment. Does nothing for an invoice that was taken back.
 */
create function memberships.settle_period(business_id uuid, period_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_period memberships.membership_periods;
begin
    select locked.* into v_membership
    from memberships.membership_periods as periods
    cross join lateral memberships.lock(periods.business_id, periods.membership_id) as locked
    where
        periods.business_id = settle_period.business_id
        and periods.id = settle_period.period_id;
    update memberships.membership_periods as periods
    set paid_at = private.now(), next_charge_at = null
    where
        periods.business_id = settle_period.business_id
        and periods.id = settle_period.period_id
        and periods.paid_at is null
        and periods.voided_at is null
    returning periods.* into v_period;
    if v_period.id is null or not memberships.may_continue(v_membership) then
        return;
    end if;
    if v_membership.granted_plan_id is null and v_period.number = 1 then
        v_membership = memberships.begin_when_paid(v_membership, v_period);
    end if;
    perform memberships.continue(v_membership, v_period);
end;
$$;

/*
 * May a membership go on after a payment? Not if the customer joined again meanwhile, or cancelled
 * it at once: then its invoice is taken back, and money.settle_sale returns the payment.
 */
create function memberships.may_continue(membership memberships.memberships)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if membership.closed_at is null then
        return true;
    elsif membership.cancelled_at is null and not exists (
        select 1
        from memberships.memberships
        where
            memberships.business_id = membership.business_id
            and memberships.customer_id = membership.customer_id
            and memberships.renews
            and membership.renews
            and memberships.closed_at is null
    ) then
        return true;
    end if;
    perform memberships.void_period(
        membership.business_id, membership.id, membership.number, 'cancelled'
    );
    return false;
end;
$$;

/*
 * Let a membership and its first period begin now, because it is paid now.
 */
create function memberships.begin_when_paid(
    membership memberships.memberships, period memberships.membership_periods
)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships = membership;
begin
    v_membership.anchor_at = date_trunc('second', private.now());
    update memberships.memberships
    set anchor_at = v_membership.anchor_at
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id;
    update memberships.membership_periods as periods
    set
        starts_at = v_membership.anchor_at,
        ends_at = memberships.start_of(v_membership, 2)
    where
        periods.business_id = v_membership.business_id
        and periods.id = period.id;
    return v_membership;
end;
$$;

/*
 * Continue a membership until the end of a paid period. One that had ended unpaid is restored.
 */
create function memberships.continue(
    membership memberships.memberships, period memberships.membership_periods
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_is_first boolean = membership.granted_plan_id is null;
begin
    update memberships.memberships
    set
        paid_until = periods.ends_at,
        due_until = periods.ends_at + make_interval(hours => 24 * memberships.grace_days),
        renews_at = case
            when memberships.renews and memberships.cancelled_at is null then periods.ends_at
        end,
        ends_at = case
            when not memberships.renews or memberships.cancelled_at is not null
                then periods.ends_at
        end,
        granted_plan_id = memberships.plan_id,
        closed_at = null
    from memberships.membership_periods as periods
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
        and periods.business_id = membership.business_id
        and periods.id = period.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    if period.sale_id is not null then
        perform sales.deliver_lines(v_membership.business_id, period.sale_id);
    end if;
    perform memberships.emit(
        case
            when v_is_first then 'membership.joined'
            when membership.closed_at is not null then 'membership.restored'
            else 'membership.renewed'
        end,
        v_membership
    );
end;
$$;

/*
 * Note that money came for a sale: settle its period or gift once nothing of it is owed. A change
 * of the plan that cost something takes effect.
 * Definer: whoever records a payment has no rights on memberships.
 */
create function memberships.note_paid_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = note_paid_sale.business_id
        and periods.sale_id = note_paid_sale.sale_id;
    if v_period.id is null then
        perform memberships.activate_gift(note_paid_sale.business_id, note_paid_sale.sale_id);
    elsif (
        money.sale_balance(note_paid_sale.business_id, note_paid_sale.sale_id)
    ).balance_minor <= 0 then
        if v_period.paid_at is null then
            perform memberships.settle_period(v_period.business_id, v_period.id);
        else
            perform memberships.grant_plan(v_period.business_id, v_period.membership_id);
        end if;
    end if;
end;
$$;

/*
 * Grant a membership the plan that it has, because nothing of its period is owed.
 */
create function memberships.grant_plan(business_id uuid, membership_id uuid)
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
    set granted_plan_id = memberships.plan_id
    where
        memberships.business_id = grant_plan.business_id
        and memberships.id = grant_plan.membership_id
        and memberships.closed_at is null
    returning memberships.* into v_membership;
    if v_membership.id is not null then
        perform memberships.write_access(v_membership);
    end if;
end;
$$;
