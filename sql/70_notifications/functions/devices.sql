-- The phones and browsers that receive push messages.

/*
 * Register a device of the caller. It belongs to whoever registered it last.
 * Definer: nobody has a write grant on devices; the caller registers their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into identity.devices (user_id, token, platform)
    values (private.current_user_id(), token, platform)
    on conflict on constraint devices_token_unique do update
    set
        user_id = excluded.user_id,
        platform = excluded.platform,
        is_active = true,
        disabled_reason = null,
        last_seen_at = now()
    returning devices.id into v_id;
    return v_id;
end;
$$;

/*
 * Delete a device of the caller.
 * Definer: nobody has a write grant on devices; the caller deletes their own.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.forget_device(token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from identity.devices
    where devices.token = forget_device.token and devices.user_id = private.current_user_id();
end;
$$;
