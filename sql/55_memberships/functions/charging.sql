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
    v_count integer;
begin
    with taken as (
        update memberships.membership_periods as periods
        set next_charge_at = null
        from memberships.memberships
        where
            periods.id = any(charge_periods.period_ids)
            and periods.next_charge_at is not null
            and periods.voided_at is null
            and memberships.business_id = periods.business_id
            and memberships.id = periods.membership_id
        returning
            periods.business_id,
            periods.id,
            periods.membership_id,
            periods.sale_id,
            memberships.method_id,
            (money.sale_balance(periods.business_id, periods.sale_id)).balance_minor
    ),

    charges as (
        select
            coalesce(array_agg(taken.business_id), '{}') as business_ids,
            coalesce(array_agg(taken.sale_id), '{}') as sale_ids,
            coalesce(array_agg(taken.method_id), '{}') as method_ids,
            coalesce(array_agg(taken.balance_minor), '{}') as amounts
        from taken
        where taken.method_id is not null and taken.balance_minor > 0
    ),

    charged as materialized (
        select charged.sale_id, charged.payment_id
        from charges
        cross join lateral money.charge_saved_methods(
            charges.business_ids, charges.sale_ids, charges.method_ids, charges.amounts
        ) as charged
    ),

    attempted as (
        insert into memberships.charge_attempts (business_id, period_id, number, payment_id, at)
        select
            taken.business_id,
            taken.id,
            1 + (
                select count(*)
                from memberships.charge_attempts
                where
                    charge_attempts.business_id = taken.business_id
                    and charge_attempts.period_id = taken.id
            ),
            charged.payment_id,
            private.now()
        from charged
        inner join taken on taken.sale_id = charged.sale_id
        returning 1
    ),

    told as (
        select private.emit_all(
            array_agg('membership.payment_failed'::text),
            array_agg(
                jsonb_build_object(
                    'membership_id', taken.membership_id, 'business_id', taken.business_id
                )
            ),
            array_agg(null::timestamptz)
        )
        from taken
        where
            taken.balance_minor > 0
            and taken.sale_id not in (select charged.sale_id from charged)
        having count(*) > 0
    )

    select count(*) into v_count
    from attempted
    left join told on true;
    return v_count;
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

/*
 * Tell members of renewals ahead, once each, as many days before as their plan says. Returns how
 * many were told.
 */
create function memberships.remind(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    with due as (
        select
            memberships.business_id,
            memberships.id
        from memberships.memberships
        inner join memberships.membership_plans
            on
                membership_plans.business_id = memberships.business_id
                and membership_plans.id = memberships.plan_id
        where
            memberships.closed_at is null
            and memberships.renews_at > private.now()
            and memberships.renews_at <= private.now() + interval '60 days'
            and memberships.renews_at
            <= private.now() + make_interval(days => membership_plans.reminder_days)
            and membership_plans.reminder_days > 0
            and memberships.reminded_for is distinct from memberships.renews_at
        limit remind.batch_size
        for update of memberships skip locked
    ),

    told as (
        update memberships.memberships
        set reminded_for = memberships.renews_at
        from due
        where memberships.business_id = due.business_id and memberships.id = due.id
        returning memberships.business_id, memberships.id
    ),

    emitted as (
        select private.emit_all(
            array_agg('membership.renewing'::text),
            array_agg(
                jsonb_build_object('membership_id', told.id, 'business_id', told.business_id)
            ),
            array_agg(null::timestamptz)
        )
        from told
        having count(*) > 0
    )

    select count(*) into v_count from told left join emitted on true;
    return v_count;
end;
$$;

/*
 * Do what is due, at most so much of each kind: renew, charge, remind, record ends, and take back
 * invoices. Returns how much was done; 0: nothing is due.
 * Definer: called by the workers, who have no access to the tables.
 */
create function memberships.run_due(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return memberships.renew_due(batch_size)
        + memberships.charge_due(batch_size)
        + memberships.remind(batch_size)
        + memberships.close_ended(batch_size)
        + memberships.void_unpaid(batch_size);
end;
$$;
