-- What cancelling, moving late and not coming cost. Fees follow the copy of the policy that the
-- booking keeps, and nothing else. Hours are elapsed hours: a day has 24 of them, whatever the
-- clocks do. Fees of the items of a booking always add up to the fee of the booking.

/*
 * Return the cancellation policy for bookings of a service: its own, or the business's default, or
 * a policy free of charge. The tiers are listed from the most hours before the start to the
 * fewest.
 */
create function scheduling.policy_of(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_policy catalog.cancellation_policies;
begin
    select cancellation_policies.* into v_policy
    from catalog.services
    inner join catalog.cancellation_policies
        on cancellation_policies.business_id = services.business_id
    where
        services.id = policy_of.service_id
        and (
            cancellation_policies.id = services.cancellation_policy_id
            or services.cancellation_policy_id is null and cancellation_policies.is_default
        );
    if not found then
        return jsonb_build_object(
            'name', 'Free of charge',
            'no_show_fee_bps', 0,
            'no_show_fee_minor', 0,
            'reschedule_until_hours', 0,
            'reschedule_limit', null,
            'late_reschedule_hours', 0,
            'late_reschedule_fee_bps', 0,
            'late_reschedule_fee_minor', 0,
            'reschedule_pricing', 'difference',
            'tiers', '[]'::jsonb
        );
    end if;
    return to_jsonb(v_policy) - array['business_id', 'is_default', 'created_at']
        || jsonb_build_object('tiers', scheduling.tiers_of(v_policy));
end;
$$;

/*
 * Return the tiers of a cancellation policy, the longest notice first.
 */
create function scheduling.tiers_of(policy catalog.cancellation_policies)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                jsonb_agg(
                    jsonb_strip_nulls(
                        jsonb_build_object(
                            'hours_before', cancellation_tiers.hours_before,
                            'fee_bps', cancellation_tiers.fee_bps,
                            'fee_minor', cancellation_tiers.fee_minor
                        )
                    )
                    order by cancellation_tiers.hours_before desc
                ),
                '[]'
            )
        from catalog.cancellation_tiers
        where
            cancellation_tiers.business_id = policy.business_id
            and cancellation_tiers.cancellation_policy_id = policy.id
    );
end;
$$;

/*
 * Return the tier of a policy that applies when so much time remains before the start: of the
 * tiers for more hours than that, the one with the fewest. Null: cancelling is free.
 */
create function scheduling.tier_of(policy jsonb, remaining interval)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select tier.value
        from jsonb_array_elements(tier_of.policy -> 'tiers') as tier (value)
        where remaining < make_interval(hours => (tier.value ->> 'hours_before')::integer)
        order by (tier.value ->> 'hours_before')::integer
        limit 1
    );
end;
$$;

/*
 * Return the terms of a policy for not coming (no_show) or moving late (late_reschedule), in the
 * form of a tier.
 */
create function scheduling.terms_of(policy jsonb, kind text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'fee_bps', coalesce((policy ->> (kind || '_fee_bps'))::integer, 0),
        'fee_minor', nullif(coalesce((policy ->> (kind || '_fee_minor'))::bigint, 0), 0)
    );
end;
$$;

/*
 * Return the fee of some terms for each of some amounts. A share of each amount is rounded half
 * away from zero; a sum is split among them by largest remainder. No fee exceeds its amount.
 */
create function scheduling.fees(amounts bigint[], terms jsonb)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if terms ->> 'fee_minor' is not null then
        return pricing.split(
            least(
                (terms ->> 'fee_minor')::bigint,
                (select sum(amount)::bigint from unnest(amounts) as amount)
            ),
            amounts
        );
    end if;
    return array(
        select
            round(amounts.minor::numeric * coalesce((terms ->> 'fee_bps')::integer, 0) / 10000)::bigint
        from unnest(amounts) with ordinality as amounts (minor, position)
        order by amounts.position
    );
end;
$$;

/*
 * Return the terms on which a booking is cancelled at an instant: those of its tier or, once it
 * has begun, those of not coming if they cost more. Only a confirmed booking costs anything.
 */
create function scheduling.cancellation_terms(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier jsonb = scheduling.tier_of(booking.policy, booking.starts_at - at);
    v_no_show jsonb = scheduling.terms_of(booking.policy, 'no_show');
    v_total bigint[] = array[booking.total_minor];
begin
    if booking.status <> 'confirmed' then
        return null;
    end if;
    if at >= booking.starts_at
        and scheduling.fees(v_total, v_no_show) > scheduling.fees(v_total, v_tier) then
        return v_no_show;
    end if;
    return v_tier;
end;
$$;

/*
 * Return the services of a booking, each with its share of the total and its fee by some terms.
 * The shares add up to the total. A service that was cancelled before keeps the fee that it had
 * then.
 */
create function scheduling.fee_lines(booking scheduling.bookings, terms jsonb)
returns table (
    booking_item_id uuid,
    service_name text,
    total_minor bigint,
    fee_minor bigint,
    is_cancelled boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items scheduling.booking_items[] = array(
        select booking_items
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
        order by booking_items.position
    );
    v_amounts bigint[] = pricing.split(
        booking.total_minor,
        array(
            select items.price_minor
            from unnest(v_items) as items
            order by items.position
        )
    );
begin
    return query
    select
        items.id,
        items.service_name,
        parts.amount,
        coalesce(items.cancellation_fee_minor, parts.fee),
        items.cancelled_at is not null
    from unnest(v_items) as items
    inner join unnest(v_amounts, scheduling.fees(v_amounts, terms)) with ordinality
        as parts (amount, fee, place)
        on items.id = v_items[parts.place].id
    order by items.position;
end;
$$;

/*
 * Return what it costs a customer to move a booking at an instant.
 */
create function scheduling.reschedule_fee(booking scheduling.bookings, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status <> 'confirmed' or booking.starts_at - at >= make_interval(
        hours => coalesce((booking.policy ->> 'late_reschedule_hours')::integer, 0)
    ) then
        return 0;
    end if;
    return (
        select coalesce(sum(lines.fee_minor), 0)::bigint
        from scheduling.fee_lines(booking, scheduling.terms_of(booking.policy, 'late_reschedule'))
            as lines
        where not lines.is_cancelled
    );
end;
$$;
