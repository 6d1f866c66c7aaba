-- Codes of guests. A guest has no account, so a mailed code proves that a booking, or an order of
-- goods, is theirs.
-- A code has six digits and could be guessed quickly. So it lives for minutes, works once, allows
-- five attempts, and is stored as a hash; the number of codes an hour is limited.

/*
 * Return the hash of a code, which is all that the database stores of it. The booking or the order
 * is part of the hash, so the same digits differ from one to the other.
 */
create function scheduling.code_hash(subject_id uuid, code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(subject_id::text || code, 'UTF8'));
end;

/*
 * Refuse more than five codes an hour for an e-mail address or thirty for a network address. The
 * function locks both addresses before any other row, so concurrent requests cannot pass the limit.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.refuse_flood(email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_full_since timestamptz;
begin
    perform private.lock(array[md5('guest ' || email)::uuid, md5('guest ' || ip)::uuid]);
    select min(limits.full_since) into v_full_since
    from (
        (
            select guest_codes.created_at as full_since
            from scheduling.guest_codes
            where guest_codes.email = refuse_flood.email and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 4
            limit 1
        )
        union all
        (
            select guest_codes.created_at
            from scheduling.guest_codes
            where guest_codes.ip = refuse_flood.ip and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 29
            limit 1
        )
    ) as limits;
    if v_full_since is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_full_since - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Store a new code for a booking or an order, and return it. For neither, only record the request.
 */
create function scheduling.store_code(request scheduling.guest_codes)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- The first 32 bits of such a UUID are random.
    v_code text = lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
begin
    insert into scheduling.guest_codes (
        business_id, booking_id, order_id, email, ip, code_hash, expires_at, created_at
    )
    values (
        request.business_id, request.booking_id, request.order_id, request.email, request.ip,
        scheduling.code_hash(coalesce(request.booking_id, request.order_id), v_code),
        request.expires_at, private.now()
    );
    return v_code;
end;
$$;

/*
 * Return the request of a code from an e-mail address. The code lives for a quarter of an hour.
 */
create function scheduling.make_request(email text, ip inet)
returns scheduling.guest_codes
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    v_request.email = make_request.email;
    v_request.ip = make_request.ip;
    v_request.expires_at = private.now() + interval '15 minutes';
    return v_request;
end;
$$;

/*
 * Store a code for a booking and mail it to the booking's address. Without a booking, only record
 * the request. The mail contains no text from the guest, so nobody can use it to send spam.
 */
create function scheduling.send_code(booking scheduling.bookings, email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes = scheduling.make_request(send_code.email, send_code.ip);
    v_code text;
begin
    v_request.business_id = booking.business_id;
    v_request.booking_id = booking.id;
    v_request.expires_at = least(booking.hold_expires_at, v_request.expires_at);
    v_code = scheduling.store_code(v_request);
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'guest_booking',
            'to', booking.customer_email,
            'locale', businesses.locale,
            'code', v_code,
            'expires_in', extract(epoch from v_request.expires_at - private.now())::integer,
            'business_name', businesses.name,
            'service_names', facts.service_names,
            'starts_at', booking.starts_at,
            'time_zone', booking.time_zone,
            'reference', booking.reference
        )
    )
    from business.businesses
    cross join lateral scheduling.calendar_facts(array[booking.id]) as facts
    where businesses.id = booking.business_id;
end;
$$;

/*
 * Check the latest code of a guest's booking, as scheduling.use_code.
 */
create function scheduling.prove(reference text, code text, act jsonb)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code scheduling.guest_codes;
begin
    select guest_codes.* into v_code
    from scheduling.bookings
    inner join scheduling.guest_codes on guest_codes.booking_id = bookings.id
    where bookings.reference = upper(prove.reference) and bookings.customer_id is null
    order by guest_codes.id desc
    limit 1
    for update of guest_codes;
    return scheduling.use_code(v_code, prove.code, prove.act);
end;
$$;

/*
 * Check a code that is locked, and use it up for an act. Returns the code as it was before, or null
 * when it proves nothing. A used code proves only the same act again. Every check counts as one of
 * the five attempts, except such a repetition.
 */
create function scheduling.use_code(sent scheduling.guest_codes, code text, act jsonb)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_right boolean;
begin
    if sent.id is null or sent.attempts = 5 or sent.expires_at <= private.now() then
        return null;
    end if;
    v_is_right = sent.code_hash = scheduling.code_hash(
        coalesce(sent.booking_id, sent.order_id), use_code.code
    )
    and coalesce(sent.used_for = use_code.act, sent.used_at is null);
    if v_is_right and sent.used_at is not null then
        return sent;
    end if;
    update scheduling.guest_codes
    set
        attempts = guest_codes.attempts + 1,
        used_at = case when v_is_right then private.now() else guest_codes.used_at end,
        used_for = case when v_is_right then use_code.act else guest_codes.used_for end,
        proven_in = case when v_is_right then pg_current_xact_id() else guest_codes.proven_in end
    where guest_codes.id = sent.id;
    return case when v_is_right then sent end;
end;
$$;

/*
 * Return the refusal of a code that proves nothing. It is returned and not raised, because an error
 * would roll back the counted attempt.
 */
create function scheduling.code_refusal(hint text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return private.refusal(
        'PT403', 'code_invalid', 'This code is wrong or has expired.', code_refusal.hint
    );
end;
$$;

/*
 * Delete codes that are older than a day and have expired. Returns their number.
 * Definer: the worker calls it and has no access to the table.
 */
create function scheduling.forget_old_codes()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.guest_codes
    where
        guest_codes.created_at < private.now() - interval '1 day'
        and guest_codes.expires_at < private.now();
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
