-- How periods are charged to saved cards. A charge that failed is tried again as the plan says,
-- and every attempt is a row. Whoever has no card, or whose last attempt failed, can pay until the
-- grace ends; after that nothing is charged.

/*
 * Charge some periods to the saved cards of their memberships: the next attempt of each. The member
 * of a card that cannot be charged is told. Returns how many charges were queued. The caller holds
 * the locks of the memberships.
 */
create function memberships.charge_periods(period_ids uuid[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_owed memberships.membership_periods[];
    v_sale_ids uuid[];
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

    select coalesce(array_agg(taken::memberships.membership_periods), '{}') into v_owed
    from taken
    where (money.sale_balance(taken.business_id, taken.sale_id)).balance_minor > 0;
    v_sale_ids = memberships.attempt_charges(v_owed);
    perform private.emit_all(
        array_agg('membership.payment_failed'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', owed.membership_id, 'business_id', owed.business_id
            )
        ),
        array_agg(null::timestamptz)
    )
    from unnest(v_owed) as owed
    where owed.sale_id <> all(v_sale_ids)
    having count(*) > 0;
    return cardinality(v_sale_ids);
end;
$$;

/*
 * Queue the charges of some periods that are owed, and write the attempts. Returns the sales that
 * are charged.
 */
create function memberships.attempt_charges(owed memberships.membership_periods[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_ids uuid[];
begin
    with charges as (
        select
            coalesce(array_agg(periods.business_id), '{}') as business_ids,
            coalesce(array_agg(periods.sale_id), '{}') as sale_ids,
            coalesce(array_agg(memberships.method_id), '{}') as method_ids,
            coalesce(
                array_agg(
                    (money.sale_balance(periods.business_id, periods.sale_id)).balance_minor
                ),
                '{}'
            ) as amounts
        from unnest(owed) as periods
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where memberships.method_id is not null
    ),

    attempted as (
        insert into memberships.charge_attempts (business_id, period_id, number, payment_id, at)
        select
            periods.business_id, periods.id,
            1 + memberships.attempts_of(periods.business_id, periods.id),
            charged.payment_id, private.now()
        from charges
        cross join lateral money.charge_saved_methods(
            charges.business_ids, charges.sale_ids, charges.method_ids, charges.amounts
        ) as charged
        inner join unnest(owed) as periods on periods.sale_id = charged.sale_id
        returning charge_attempts.business_id, charge_attempts.period_id
    )

    select coalesce(array_agg(periods.sale_id), '{}') into v_sale_ids
    from attempted
    inner join unnest(owed) as periods on periods.id = attempted.period_id;
    return v_sale_ids;
end;
$$;

/*
 * Return how often a period was charged.
 */
create function memberships.attempts_of(business_id uuid, period_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select count(*)
        from memberships.charge_attempts
        where
            charge_attempts.business_id = attempts_of.business_id
            and charge_attempts.period_id = attempts_of.period_id
    );
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
