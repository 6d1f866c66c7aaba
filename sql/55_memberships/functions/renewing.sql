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
 * Renew the memberships that are due: write their periods with an invoice each, and note when the
 * saved cards are charged. What costs nothing continues at once. Returns how many were renewed.
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
    perform memberships.invoice(v_renewals);
    perform memberships.begin_periods(v_renewals);
    perform memberships.settle_period(renewal.business_id, renewal.period_id)
    from unnest(v_renewals) as renewal
    where renewal.price_minor = 0;
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
 * Write the invoices of some renewals: a quote for each plan and price, and a sale for each member.
 */
create function memberships.invoice(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.place_alike(
        alike.business_id,
        alike.sale_ids,
        alike.user_ids,
        memberships.renewal_quote(alike.first_one)
    )
    from (
        select
            renewal.business_id,
            array_agg(renewal.sale_id) as sale_ids,
            array_agg(renewal.user_id) as user_ids,
            (array_agg(renewal))[1] as first_one
        from unnest(memberships.with_taxation(renewals)) as renewal
        group by
            renewal.business_id, renewal.plan_id, renewal.plan_name, renewal.currency,
            renewal.price_minor, renewal.is_reverse_charged
    ) as alike;
end;
$$;

/*
 * Return some renewals with whether their buyers owe the tax themselves.
 */
create function memberships.with_taxation(renewals memberships.renewal[])
returns memberships.renewal[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_renewals memberships.renewal[] = renewals;
    v_place integer;
begin
    for v_place in
        select places.place
        from unnest(renewals) with ordinality as places (
            membership_id, business_id, user_id, plan_id, plan_name, currency, price_minor,
            number, starts_at, ends_at, period_unit, period_count, method_id, sale_id, period_id,
            is_reverse_charged, place
        )
        inner join customers.customers
            on
                customers.business_id = places.business_id
                and customers.user_id = places.user_id
        inner join pricing.tax_numbers
            on
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = customers.id
    loop
        v_renewals[v_place].is_reverse_charged = pricing.is_reverse_charged(
            pricing.tax_basis(v_renewals[v_place].business_id), v_renewals[v_place].user_id, null
        );
    end loop;
    return v_renewals;
end;
$$;

/*
 * Price the period of a renewal: what was agreed, without promotions, and its tax.
 */
create function memberships.renewal_quote(renewal memberships.renewal)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.add_taxes(
        pricing.list_lines(
            array[pricing.make_line(
                'membership', renewal.plan_name, 1, renewal.price_minor, renewal.currency,
                jsonb_build_object('plan_id', renewal.plan_id), item_id => renewal.plan_id
            )],
            '{}'
        ),
        pricing.for_buyer(pricing.make_terms(), renewal.business_id, renewal.user_id)
    );
end;
$$;

/*
 * Write the periods of some renewals, and move their memberships on to them.
 */
create function memberships.begin_periods(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into memberships.membership_periods (
        id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, sale_id,
        next_charge_at
    )
    select
        renewal.period_id, renewal.business_id, renewal.membership_id, renewal.number,
        renewal.plan_id, renewal.starts_at, renewal.ends_at, renewal.price_minor,
        renewal.sale_id,
        case
            when renewal.method_id is not null and renewal.price_minor > 0 then private.now()
        end
    from unnest(renewals) as renewal;
    update memberships.memberships
    set
        number = renewal.number,
        plan_id = renewal.plan_id,
        price_minor = renewal.price_minor,
        anchor_at = case
            when (memberships.period_unit, memberships.period_count)
                = (renewal.period_unit, renewal.period_count) then memberships.anchor_at
            else renewal.starts_at
        end,
        anchor_number = case
            when (memberships.period_unit, memberships.period_count)
                = (renewal.period_unit, renewal.period_count) then memberships.anchor_number
            else renewal.number
        end,
        period_unit = renewal.period_unit,
        period_count = renewal.period_count,
        renews_at = null,
        next_plan_id = null
    from unnest(renewals) as renewal
    where
        memberships.business_id = renewal.business_id
        and memberships.id = renewal.membership_id;
end;
$$;
