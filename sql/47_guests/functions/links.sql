-- Links for people without an account. A mail may end with a link that shows a booking or an order
-- for weeks, without signing in. Behind it is a code that is too long to guess or to type, stored
-- as a hash like the others, and made anew for each mail, because no code is stored.

/*
 * Return the token of a new link for the booking or the order of a request, which says until when
 * it works.
 */
create function scheduling.make_link(request scheduling.guest_codes)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_token constant text = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
begin
    request.email = lower(request.email);
    request.is_link = true;
    perform scheduling.store_code(request, v_token);
    return v_token;
end;
$$;

/*
 * Does a token open a booking or an order now? A code that people type opens nothing.
 */
create function scheduling.opens(subject_id uuid, token text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            (guest_codes.booking_id = subject_id or guest_codes.order_id = subject_id)
            and guest_codes.is_link
            and guest_codes.code_hash = scheduling.code_hash(subject_id, opens.token)
            and guest_codes.expires_at > private.now()
    );
end;
$$;

/*
 * Refuse a link that opens nothing.
 *
 * Errors:  PT403 code_invalid
 */
create function scheduling.require_link(subject_id uuid, token text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.opens(subject_id, token) then
        perform private.refuse(
            'PT403', 'code_invalid', 'This link does not work, or not any more.',
            'Open the complete link of the latest mail, or sign in.'
        );
    end if;
end;
$$;
