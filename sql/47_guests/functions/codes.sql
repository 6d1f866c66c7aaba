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
 * Links count as none, because nobody asks for them.
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
            where
                guest_codes.email = refuse_flood.email
                and not guest_codes.is_link
                and guest_codes.created_at > v_hour_ago
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
 * Return the request of a code for an e-mail address, unless the address or the caller's network
 * address had too many. The code lives for a quarter of an hour.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.make_request(email text)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request scheduling.guest_codes;
begin
    v_request.email = lower(make_request.email);
    v_request.ip = private.caller_address();
    v_request.expires_at = private.now() + interval '15 minutes';
    v_request.is_link = false;
    perform scheduling.refuse_flood(v_request.email, v_request.ip);
    return v_request;
end;
$$;

/*
 * Store the hash of a code for a booking or an order. For neither, only record the request.
 */
create function scheduling.store_code(request scheduling.guest_codes, code text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.guest_codes (
        business_id, booking_id, order_id, email, ip, code_hash, expires_at, created_at, is_link
    )
    values (
        request.business_id, request.booking_id, request.order_id, request.email, request.ip,
        scheduling.code_hash(coalesce(request.booking_id, request.order_id), store_code.code),
        request.expires_at, private.now(), request.is_link
    );
end;
$$;

/*
 * Store a new code for a booking or an order, and mail it to the address that the guest gave then,
 * with some facts for the template. For neither, only record the request. The mail contains no text
 * from the guest, so nobody can use it to send spam.
 */
create function scheduling.send_code(
    request scheduling.guest_codes, mail_kind text, address text, facts jsonb
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- The first 32 bits of such a UUID are random.
    v_code text = lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
begin
    perform scheduling.store_code(request, v_code);
    perform private.emit(
        'auth.mail',
        send_code.facts || jsonb_build_object(
            'kind', send_code.mail_kind,
            'to', send_code.address,
            'locale', businesses.locale,
            'code', v_code,
            'expires_in', extract(epoch from request.expires_at - private.now())::integer,
            'business_name', businesses.name
        )
    )
    from business.businesses
    where businesses.id = request.business_id;
end;
$$;

/*
 * Check the latest code of a guest's booking or order, and use it up for an act. Returns the code
 * as it was before, or null when it proves nothing. A used code proves only the same act again.
 * Every check counts as one of the five attempts, except such a repetition.
 */
create function scheduling.use_code(subject_id uuid, code text, act jsonb)
returns scheduling.guest_codes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sent scheduling.guest_codes;
    v_is_right boolean;
begin
    select guest_codes.* into v_sent
    from scheduling.guest_codes
    where
        (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
        and not guest_codes.is_link
    order by guest_codes.id desc
    limit 1
    for update;
    if v_sent.id is null or v_sent.attempts = 5 or v_sent.expires_at <= private.now() then
        return null;
    end if;
    v_is_right = v_sent.code_hash = scheduling.code_hash(subject_id, use_code.code)
    and coalesce(v_sent.used_for = use_code.act, v_sent.used_at is null);
    if v_is_right and v_sent.used_at is not null then
        return v_sent;
    end if;
    update scheduling.guest_codes
    set
        attempts = guest_codes.attempts + 1,
        used_at = case when v_is_right then private.now() else guest_codes.used_at end,
        used_for = case when v_is_right then use_code.act else guest_codes.used_for end,
        proven_in = case when v_is_right then pg_current_xact_id() else guest_codes.proven_in end
    where guest_codes.id = v_sent.id;
    return case when v_is_right then v_sent end;
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
