-- API keys, as the owners and managers of a business see them, and the scopes that a key can have.

create view public.api_keys
with (security_invoker = true)
as
select
    api_keys.id,
    api_keys.business_id,
    api_keys.name,
    api_keys.prefix,
    api_keys.scopes,
    api_keys.allowed_addresses,
    api_keys.expires_at,
    api_keys.revoked_at,
    api_keys.last_used_at,
    api_keys.created_by,
    api_keys.created_at
from identity.api_keys;
grant select on public.api_keys to authenticated, service_role;

comment on view public.api_keys is
'API keys of the caller''s businesses, for owners and managers.

Written by create_api_key, rotate_api_key and revoke_api_key.';
comment on column public.api_keys.id is 'Primary key.';
comment on column public.api_keys.business_id is 'The business that the key acts for.';
comment on column public.api_keys.name is 'What the key is for.';
comment on column public.api_keys.prefix is 'The first characters of the key.';
comment on column public.api_keys.scopes is 'What it may do, such as {bookings:read}.';
comment on column public.api_keys.allowed_addresses is
'Addresses and networks from which it is accepted, or null for everywhere.';
comment on column public.api_keys.expires_at is 'When it expires; null for never.';
comment on column public.api_keys.revoked_at is 'When it was revoked, or null.';
comment on column public.api_keys.last_used_at is
'When it was last used, to about a minute; null if it never was.';
comment on column public.api_keys.created_by is 'The user who created it.';
comment on column public.api_keys.created_at is 'When it was created.';

create view public.api_key_scopes
with (security_invoker = true)
as
select
    scopes.name,
    scopes.description,
    array(
        select scope_objects.object
        from integrations.scope_objects
        where
            scopes.name in (
                scope_objects.subject || ':' || coalesce(scope_objects.access, 'read'),
                scope_objects.subject || ':write'
            )
        order by scope_objects.object
    ) as objects
from integrations.scopes;
grant select on public.api_key_scopes to anon, authenticated, service_role;

comment on view public.api_key_scopes is
'The scopes that an API key can have.

Read only.';
comment on column public.api_key_scopes.name is 'The scope, such as bookings:read.';
comment on column public.api_key_scopes.description is 'What it is for.';
comment on column public.api_key_scopes.objects is
'The views and functions (rpc/…) that a key with this scope can use.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_api_key(
    business_id public.identifier,
    name text,
    scopes public.list,
    expires_at public.instant default null,
    allowed_addresses public.list default null,
    out id uuid,
    out key text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    key = identity.make_key();
    id = identity.create_api_key(
        private.to_identifier(create_api_key.business_id, 'business_id'),
        private.to_required_text(create_api_key.name, 'name', 100),
        integrations.to_scopes(create_api_key.scopes),
        private.to_instant(create_api_key.expires_at, 'expires_at', is_required => false),
        integrations.to_addresses(create_api_key.allowed_addresses),
        key
    );
end;
$$;
comment on function public.create_api_key is
'Create an API key, with which a program acts for a business.

For owners. Returns {id, key}. The key is returned only once; it goes into the header apikey or '
'Authorization: Bearer.

- name: what the key is for, at most 100 characters.
- scopes: what it may do, as in the view api_key_scopes. A scope to write includes the one to read.
- expires_at: when it expires.
- allowed_addresses: addresses and networks from which it is accepted.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.rotate_api_key(
    api_key_id public.identifier,
    overlap_hours public.whole_number default null,
    out id uuid,
    out key text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    key = identity.make_key();
    id = private.to_identifier(api_key_id, 'api_key_id');
    perform identity.rotate_api_key(
        id,
        make_interval(
            hours => private.to_whole_number(overlap_hours, 'overlap_hours', 0, 168, if_null => 24)
        ),
        key
    );
end;
$$;
comment on function public.rotate_api_key is
'Replace the secret of an API key.

For owners. Returns {id, key}. The new key is returned only once. The old one is accepted for the '
'overlap.

- overlap_hours: how long the old key is accepted, 0 to 168 hours; 24 if left out.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.revoke_api_key(api_key_id public.identifier)
returns public.api_keys
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(api_key_id, 'api_key_id');
    v_key public.api_keys;
begin
    perform identity.revoke_api_key(v_id);
    select api_keys.* into v_key from public.api_keys where api_keys.id = v_id;
    return v_key;
end;
$$;
comment on function public.revoke_api_key is
'Revoke an API key.

It is refused from the next request on. For owners. Returns the key without its secret.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.create_api_key(public.identifier, text, public.list, public.instant, public.list),
public.rotate_api_key(public.identifier, public.whole_number),
public.revoke_api_key(public.identifier)
to anon, authenticated, service_role;
