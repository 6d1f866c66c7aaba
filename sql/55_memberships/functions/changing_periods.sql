-- How a membership changes to a plan with periods of another length.

/*
 * Change a membership to a plan with periods of another length: its period ends now, what was left
 * of it is taken back, and a period of the new plan begins with an invoice of its own.
 */
create function memberships.change_with_new_period(
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
    v_now timestamptz = date_trunc('second', private.now());
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_membership memberships.memberships;
    v_amounts record = memberships.change_amounts(membership, plan, price);
begin
    perform sales.revise_sale(
        membership.business_id, v_period.sale_id, 'corrected',
        memberships.change_lines(membership, v_period, plan, v_amounts.credit_minor, 0)
    );
    update memberships.membership_periods as periods
    set ends_at = greatest(v_now, periods.starts_at + interval '1 second')
    where periods.business_id = v_period.business_id and periods.id = v_period.id
    returning periods.* into v_period;
    update memberships.memberships
    set
        paid_until = v_period.ends_at,
        due_until = v_period.ends_at + make_interval(hours => 24 * memberships.grace_days),
        renews_at = v_period.ends_at,
        next_plan_id = plan.id
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    perform memberships.write_renewals(memberships.renewals_of(array[v_membership]));
end;
$$;
