-- How a membership changes to another plan. At the end of the period nothing is prorated. At once,
-- what is left of the period is taken back at the old price and charged at the new one, to the
-- second: a revision of the period's sale. Only what was charged is ever taken back, and
-- money.settle_sale returns no more than was paid. A plan with periods of another length begins a
-- period of its own.

/*
 * Return what a change to another plan costs now, before tax that comes on top: what is taken back
 * of the old plan, and what is charged for the new one. A trial changes free of charge.
 */
create function memberships.change_amounts(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices,
    out credit_minor bigint,
    out charge_minor bigint
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_now timestamptz = private.now();
begin
    credit_minor = memberships.prorated(
        v_period.price_minor, v_period.starts_at, v_period.ends_at, v_now
    );
    charge_minor = case
        when v_period.number = 0 then 0
        when memberships.has_same_periods(membership, plan) then memberships.prorated(
            price.price_minor, v_period.starts_at, v_period.ends_at, v_now
        )
        else price.price_minor
    end;
end;
$$;

/*
 * Do the periods of a plan have the length of those of a membership?
 */
create function memberships.has_same_periods(
    membership memberships.memberships, plan memberships.membership_plans
)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        (membership).period_unit = (plan).period_unit
        and (membership).period_count = (plan).period_count;
end;

/*
 * Return the plan to which a membership may change: another of its business that renews.
 *
 * Errors:  PT404 not_found · PT409 invalid_transition
 */
create function memberships.plan_to_change_to(
    membership memberships.memberships, plan_id uuid
)
returns memberships.membership_plans
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(plan_to_change_to.plan_id);
begin
    if v_plan.business_id <> membership.business_id or not v_plan.renews then
        perform private.refuse(
            'PT404', 'not_found', 'The business of this membership has no such plan.',
            'Choose a plan of the same business that renews.'
        );
    elsif not membership.renews or membership.cancelled_at is not null then
        perform memberships.refuse_transition('This membership does not renew.');
    elsif v_plan.id = membership.plan_id and membership.next_plan_id is null then
        perform memberships.refuse_transition('This membership has that plan already.');
    end if;
    return v_plan;
end;
$$;

/*
 * Change a membership to another plan: by default at once to one of the same or a higher rank, and
 * at the end of the period to a lower one.
 * Definer: nobody has a write grant on memberships; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.change(membership_id uuid, plan_id uuid, at_period_end boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(change.membership_id);
    v_plan memberships.membership_plans = memberships.plan_to_change_to(
        v_membership, change.plan_id
    );
    v_price memberships.plan_prices = memberships.price_of(v_plan, v_membership.currency);
    v_rank integer = (
        select membership_plans.rank
        from memberships.membership_plans
        where membership_plans.id = v_membership.plan_id
    );
begin
    if v_plan.id = v_membership.plan_id or coalesce(at_period_end, v_plan.rank < v_rank) then
        update memberships.memberships
        set next_plan_id = nullif(v_plan.id, memberships.plan_id)
        where memberships.id = v_membership.id;
        return v_membership.id;
    elsif memberships.status_at(v_membership, private.now()) not in ('active', 'trialing') then
        perform memberships.refuse_transition('Only an active membership changes at once.');
    end if;
    if v_membership.number = 0 then
        perform memberships.change_trial(v_membership, v_plan, v_price);
    elsif memberships.has_same_periods(v_membership, v_plan) then
        perform memberships.change_within_period(v_membership, v_plan, v_price);
    else
        perform memberships.change_with_new_period(v_membership, v_plan, v_price);
    end if;
    perform memberships.emit('membership.changed', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Change a trial to another plan: nothing is owed, and the trial ends when it would have.
 */
create function memberships.change_trial(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update memberships.memberships
    set
        plan_id = plan.id,
        price_minor = price.price_minor,
        period_unit = plan.period_unit,
        period_count = plan.period_count,
        next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id;
    perform memberships.grant_plan(membership.business_id, membership.id);
end;
$$;

/*
 * Change a membership to another plan within its period. The new plan is granted once nothing of
 * the period is owed; what is owed is charged to the saved card.
 */
create function memberships.change_within_period(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_amounts record = memberships.change_amounts(membership, plan, price);
begin
    perform sales.revise_sale(
        membership.business_id, v_period.sale_id, 'corrected',
        memberships.change_lines(
            membership, v_period, plan, v_amounts.credit_minor, v_amounts.charge_minor
        )
    );
    update memberships.membership_periods as periods
    set
        plan_id = plan.id,
        price_minor = price.price_minor,
        next_charge_at = case when membership.method_id is not null then private.now() end
    where periods.business_id = v_period.business_id and periods.id = v_period.id;
    update memberships.memberships
    set plan_id = plan.id, price_minor = price.price_minor, next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id;
    if (money.sale_balance(v_period.business_id, v_period.sale_id)).balance_minor <= 0 then
        perform memberships.grant_plan(membership.business_id, membership.id);
    end if;
    perform memberships.charge_periods(array[v_period.id]);
end;
$$;

/*
 * Return the lines of a change: what is left of the old plan back, and the same time of the new
 * plan, if there is anything to charge.
 */
create function memberships.change_lines(
    membership memberships.memberships,
    period memberships.membership_periods,
    plan memberships.membership_plans,
    credit_minor bigint,
    charge_minor bigint
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_old sales.sale_lines;
begin
    select sale_lines.* into v_old
    from sales.sale_lines
    where
        sale_lines.business_id = period.business_id
        and sale_lines.sale_id = period.sale_id
        and sale_lines.kind = 'membership'
        and sale_lines.corrects_line_id is null
    order by sale_lines.position desc
    limit 1;
    return case when change_lines.credit_minor = 0 then '{}'::sales.change[] else array[
        sales.make_change(
            'membership', v_old.id, null, v_old.name, - change_lines.credit_minor,
            plan_id => v_old.plan_id
        )
    ] end || case when change_lines.charge_minor = 0 then '{}'::sales.change[] else array[
        sales.make_change(
            'membership', null, null, plan.name, change_lines.charge_minor, plan_id => plan.id
        )
    ] end;
end;
$$;
