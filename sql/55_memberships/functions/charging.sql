-- How periods are charged to saved cards. A charge that failed is tried again as the plan says,
-- and every attempt is a row. Whoever has no card, or whose last attempt failed, can pay until the
-- grace ends; after that nothing is charged.

/*
 * Charge some periods whose time has come to the saved cards of their memberships. Returns how many
 * charges were queued. The caller holds the locks of the memberships.
 */
create function memberships.charge_periods(period_ids uuid[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    with taken as (
        update memberships.membership_periods as periods
        set next_charge_at = null
        where
            periods.id = any(charge_periods.period_ids)
            and periods.next_charge_at is not null
            and periods.voided_at is null
        returning periods.*
    )

    select coalesce(array_agg(taken::memberships.membership_periods), '{}') into v_periods
    from taken;
    return memberships.charge(v_periods);
end;
$$;

/*
 * Charge what is owed of some periods to the saved cards of their memberships: the next attempt of
 * each. The member of a card that cannot be charged is told. Returns how many charges were queued.
 */
create function memberships.charge(periods memberships.membership_periods[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_charges memberships.charge[] = memberships.charges_of(periods);
    v_sale_ids uuid[] = memberships.attempt_charges(v_charges);
begin
    perform private.emit_all(
        array_agg('membership.payment_failed'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', charge.membership_id, 'business_id', charge.business_id
            )
        ),
        array_agg(null::timestamptz)
    )
    from unnest(v_charges) as charge
    where charge.sale_id <> all(v_sale_ids)
    having count(*) > 0;
    return cardinality(v_sale_ids);
end;
$$;

/*
 * Return what is owed of some periods, with the card that pays it, and which attempt it is. What is
 * paid is left out.
 */
create function memberships.charges_of(periods memberships.membership_periods[])
returns memberships.charge[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_charges memberships.charge[];
begin
    with owed as (
        select
            period.business_id, period.membership_id, period.id, period.sale_id,
            memberships.method_id, balances.balance_minor, earlier.count::integer + 1
        from unnest(periods) as period
        inner join memberships.memberships
            on
                memberships.business_id = period.business_id
                and memberships.id = period.membership_id
        cross join lateral money.sale_balance(period.business_id, period.sale_id) as balances
        cross join lateral (
            select count(*) as count
            from memberships.charge_attempts
            where
                charge_attempts.business_id = period.business_id
                and charge_attempts.period_id = period.id
        ) as earlier
        where balances.balance_minor > 0
    )

    select coalesce(array_agg(owed::memberships.charge), '{}') into v_charges
    from owed;
    return v_charges;
end;
$$;

/*
 * Queue some charges, and write the attempts. Returns the sales that are charged: a card that was
 * forgotten, has expired, or is missing is not.
 */
create function memberships.attempt_charges(charges memberships.charge[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_ids uuid[];
begin
    with charged as materialized (
        select begun.*
        from (
            select
                array_agg(charge.business_id) as business_ids,
                array_agg(charge.sale_id) as sale_ids,
                array_agg(charge.method_id) as method_ids,
                array_agg(charge.amount_minor) as amounts
            from unnest(charges) as charge
            where charge.method_id is not null
            having count(*) > 0
        ) as wanted
        cross join lateral money.charge_saved_methods(
            wanted.business_ids, wanted.sale_ids, wanted.method_ids, wanted.amounts
        ) as begun
    ),

    attempted as (
        insert into memberships.charge_attempts (business_id, period_id, number, payment_id, at)
        select
            charge.business_id, charge.period_id, charge.number, charged.payment_id, private.now()
        from charged
        inner join unnest(charges) as charge on charge.sale_id = charged.sale_id
    )

    select coalesce(array_agg(charged.sale_id), '{}') into v_sale_ids
    from charged;
    return v_sale_ids;
end;
$$;

/*
 * Charge the periods whose time has come, of memberships that still live. Returns how many charges
 * were queued. Several runs at once skip each other's.
 */
create function memberships.charge_due(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period_ids uuid[] = array(
        select periods.id
        from memberships.membership_periods as periods
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where
            periods.next_charge_at <= private.now()
            and memberships.closed_at is null
            and memberships.due_until > private.now()
        order by periods.next_charge_at
        limit charge_due.batch_size
        for update of memberships skip locked
    );
begin
    if v_period_ids = '{}' then
        return 0;
    end if;
    perform memberships.charge_periods(v_period_ids);
    return cardinality(v_period_ids);
end;
$$;

/*
 * Note that a charge failed, once, and when it is tried again: as many days after the first attempt
 * as the plan says, but not once the grace is over.
 */
create function memberships.note_failure(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_attempt memberships.charge_attempts;
    v_membership memberships.memberships;
    v_next_at timestamptz;
begin
    update memberships.charge_attempts
    set failed_at = private.now(), failure = coalesce(payment.failure, payment.status::text)
    where charge_attempts.payment_id = payment.id and charge_attempts.failed_at is null
    returning charge_attempts.* into v_attempt;
    if v_attempt.period_id is null then
        return;
    end if;
    select locked.* into v_membership
    from memberships.membership_periods as periods
    cross join lateral memberships.lock(periods.business_id, periods.membership_id) as locked
    where
        periods.business_id = v_attempt.business_id
        and periods.id = v_attempt.period_id;
    v_next_at = memberships.next_attempt_at(v_membership, v_attempt);
    update memberships.membership_periods as periods
    set next_charge_at = v_next_at
    where
        periods.business_id = v_attempt.business_id
        and periods.id = v_attempt.period_id
        and periods.voided_at is null
        and (money.sale_balance(periods.business_id, periods.sale_id)).balance_minor > 0;
    perform memberships.emit(
        'membership.payment_failed', v_membership, jsonb_build_object('next_attempt_at', v_next_at)
    );
end;
$$;

/*
 * Return when a charge is tried again after an attempt; null: not any more.
 */
create function memberships.next_attempt_at(
    membership memberships.memberships, attempt memberships.charge_attempts
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_days integer = (
        select membership_plans.retry_days[attempt.number]
        from memberships.membership_plans
        where
            membership_plans.business_id = membership.business_id
            and membership_plans.id = membership.plan_id
    );
    v_at timestamptz = (
        select charge_attempts.at + make_interval(hours => 24 * v_days)
        from memberships.charge_attempts
        where
            charge_attempts.business_id = attempt.business_id
            and charge_attempts.period_id = attempt.period_id
            and charge_attempts.number = 1
    );
begin
    return case when v_at < membership.due_until then greatest(v_at, private.now()) end;
end;
$$;
