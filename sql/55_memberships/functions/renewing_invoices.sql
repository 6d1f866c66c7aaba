-- How renewals are written: the invoices of many members by few quotes, and their periods.

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
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
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
 * Write the periods of some renewals, and move their memberships on to them. Returns the periods.
 */
create function memberships.begin_periods(renewals memberships.renewal[])
returns memberships.membership_periods[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    with begun as (
        insert into memberships.membership_periods (
            id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor,
            sale_id, period_unit, period_count
        )
        select
            renewal.period_id, renewal.business_id, renewal.membership_id, renewal.number,
            renewal.plan_id, renewal.starts_at, renewal.ends_at, renewal.price_minor,
            renewal.sale_id, renewal.period_unit, renewal.period_count
        from unnest(renewals) as renewal
        returning membership_periods.*
    )

    select array_agg(begun::memberships.membership_periods) into v_periods
    from begun;
    perform memberships.move_to_periods(renewals);
    return v_periods;
end;
$$;

/*
 * Move memberships on to the periods of their renewals: until they are paid, none follows.
 */
create function memberships.move_to_periods(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
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
