-- How memberships renew. A run takes the memberships whose next period has begun, writes each
-- period once with its invoice, and queues the charges of saved cards. Nothing is charged twice,
-- however many runs there are: a membership is due only while its latest period is paid, and a
-- period and an attempt exist once. Nothing is charged late: whoever was not renewed before the
-- grace ended is not a member any more.

/*
 * Lock the memberships that are due, and return them. Several runs at once skip each other's.
 */
create function memberships.due_memberships(batch_size integer)
returns memberships.memberships[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select memberships
        from memberships.memberships
        where
            memberships.closed_at is null
            and memberships.renews_at <= private.now()
            and memberships.due_until > private.now()
            and memberships.ends_at is null
        order by memberships.renews_at
        limit due_memberships.batch_size
        for update skip locked
    );
end;
$$;

/*
 * Return the periods that follow, on the plan and at the price that each membership has by then:
 * of the plan that it changes to, or a new price that was announced and, if it needs consent,
 * accepted.
 */
create function memberships.renewals_of(due memberships.memberships[])
returns memberships.renewal[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            memberships.make_renewal(
                members, plans, coalesce(next_prices.price_minor, changed.price_minor)
            )
        from unnest(due) as members
        inner join memberships.membership_plans as plans
            on
                plans.business_id = members.business_id
                and plans.id = coalesce(members.next_plan_id, members.plan_id)
        left join memberships.plan_prices as next_prices
            on
                next_prices.business_id = members.business_id
                and next_prices.plan_id = members.next_plan_id
                and next_prices.currency = members.currency
        left join lateral (
            select price_changes.price_minor
            from memberships.price_changes
            where
                price_changes.business_id = members.business_id
                and price_changes.plan_id = members.plan_id
                and price_changes.currency = members.currency
                and memberships.is_price_agreed(members, price_changes, members.renews_at)
            order by price_changes.effective_at desc, price_changes.announced_at desc
            limit 1
        ) as changed on true
        order by members.business_id, members.id
    );
end;
$$;

/*
 * Does a new price apply to a membership at an instant? It was announced after they joined, is in
 * effect, and is lower, needs no consent, or was accepted.
 */
create function memberships.is_price_agreed(
    membership memberships.memberships, change memberships.price_changes, at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return change.effective_at <= is_price_agreed.at
        and change.announced_at >= membership.joined_at
        and (
            not change.needs_consent
            or change.price_minor <= membership.price_minor
            or exists (
                select 1
                from memberships.price_consents
                where
                    price_consents.business_id = change.business_id
                    and price_consents.price_change_id = change.id
                    and price_consents.membership_id = membership.id
            )
        );
end;
$$;

/*
 * Make the period that follows of a membership. A plan with periods of another length is counted
 * from its own beginning.
 */
create function memberships.make_renewal(
    membership memberships.memberships, plan memberships.membership_plans, price_minor bigint
)
returns memberships.renewal
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_renewal memberships.renewal;
    v_membership memberships.memberships = memberships.on_plan(membership, plan);
begin
    v_renewal.membership_id = membership.id;
    v_renewal.business_id = membership.business_id;
    v_renewal.user_id = membership.user_id;
    v_renewal.plan_id = plan.id;
    v_renewal.plan_name = plan.name;
    v_renewal.currency = membership.currency;
    v_renewal.price_minor = coalesce(make_renewal.price_minor, membership.price_minor);
    v_renewal.number = membership.number + 1;
    v_renewal.starts_at = membership.renews_at;
    v_renewal.ends_at = memberships.start_of(v_membership, membership.number + 2);
    v_renewal.period_unit = v_membership.period_unit;
    v_renewal.period_count = v_membership.period_count;
    v_renewal.method_id = membership.method_id;
    v_renewal.sale_id = gen_random_uuid();
    v_renewal.period_id = gen_random_uuid();
    return v_renewal;
end;
$$;

/*
 * Return a membership as it is after it changed to a plan at its next renewal.
 */
create function memberships.on_plan(
    membership memberships.memberships, plan memberships.membership_plans
)
returns memberships.memberships
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships = membership;
begin
    if membership.plan_id <> plan.id
        and (membership.period_unit, membership.period_count)
        is distinct from (plan.period_unit, plan.period_count) then
        v_membership.period_unit = plan.period_unit;
        v_membership.period_count = plan.period_count;
        v_membership.anchor_at = membership.renews_at;
        v_membership.anchor_number = membership.number + 1;
    end if;
    v_membership.plan_id = plan.id;
    return v_membership;
end;
$$;

/*
 * Renew the memberships that are due: write their periods with an invoice each, and charge those of
 * saved cards. What costs nothing continues at once. Returns how many were renewed.
 */
create function memberships.renew_due(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_renewals memberships.renewal[] = memberships.renewals_of(
        memberships.due_memberships(renew_due.batch_size)
    );
begin
    if v_renewals = '{}' then
        return 0;
    end if;
    perform memberships.write_renewals(v_renewals);
    perform private.emit_all(
        array_agg('membership.invoiced'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', renewal.membership_id, 'business_id', renewal.business_id
            )
        ),
        array_agg(null::timestamptz)
    )
    from unnest(v_renewals) as renewal
    where renewal.method_id is null and renewal.price_minor > 0
    having count(*) > 0;
    return cardinality(v_renewals);
end;
$$;

/*
 * Write some renewals: their invoices and periods, and the charges of those with a saved card.
 */
create function memberships.write_renewals(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    perform memberships.invoice(renewals);
    v_periods = memberships.begin_periods(renewals);
    perform memberships.settle_period(period.business_id, period.id)
    from unnest(v_periods) as period
    where period.price_minor = 0;
    perform memberships.charge(
        array(
            select period
            from unnest(v_periods) as period
            inner join unnest(renewals) as renewal on renewal.period_id = period.id
            where period.price_minor > 0 and renewal.method_id is not null
        )
    );
end;
$$;
