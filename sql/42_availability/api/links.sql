-- Private links for clients: made and revoked by owners and managers, opened by whoever has one.

create view public.private_links
with (security_invoker = true)
as
select
    private_links.id,
    private_links.business_id,
    private_links.service_id,
    private_links.label,
    private_links.expires_at,
    private_links.max_uses,
    scheduling.link_uses(private_links.business_id, private_links.id) as use_count,
    private_links.revoked_at,
    private_links.created_by,
    private_links.created_at
from catalog.private_links;
grant select on public.private_links to authenticated, service_role;

comment on view public.private_links is
'Secret links to services, for the business''s members.

Written by create_private_link and revoke_private_link.';
comment on column public.private_links.id is 'Primary key.';
comment on column public.private_links.business_id is 'The business.';
comment on column public.private_links.service_id is 'The service that it opens.';
comment on column public.private_links.label is 'For whom the link is, or null.';
comment on column public.private_links.expires_at is 'When it expires; null for never.';
comment on column public.private_links.max_uses is
'For how many bookings it is valid; null for no limit.';
comment on column public.private_links.use_count is
'How many services were booked through it, without cancelled ones.';
comment on column public.private_links.revoked_at is 'When it was revoked, or null.';
comment on column public.private_links.created_by is 'The user who created it.';
comment on column public.private_links.created_at is 'When it was created.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_private_link(
    service_id public.identifier,
    label text default null,
    expires_at public.instant default null,
    max_uses public.whole_number default null,
    out link_id uuid,
    out token text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    link_id = scheduling.create_private_link(
        private.to_identifier(service_id, 'service_id'),
        token,
        private.to_text(label, 'label', 200),
        private.to_instant(expires_at, 'expires_at', is_required => false),
        private.to_whole_number(max_uses, 'max_uses', 1, 1000000, is_required => false)
    );
end;
$$;
comment on function public.create_private_link is
'Create a secret link to a service, hidden or not.

available_slots, quote and book take its token as link_token. For owners and managers. Returns '
'{link_id, token}; the token is returned only once.

- label: for whom the link is, at most 200 characters.
- expires_at: when it expires.
- max_uses: for how many bookings it is valid.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.revoke_private_link(link_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.revoke_private_link(private.to_identifier(link_id, 'link_id'));
end;
$$;
comment on function public.revoke_private_link is
'Revoke a link.

Bookings made through it stay. For owners and managers.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired
 */
create function public.resolve_link(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.resolve_link(private.to_required_text(token, 'token', 100));
end;
comment on function public.resolve_link is
'Return what a private link opens: {service, business, addons, questions, resources, expires_at, '
'uses_left}.

- token: the link''s token.

Errors: invalid_input 400, not_found 404, link_expired 409.';
grant execute on function scheduling.link_uses(uuid, uuid) to authenticated, service_role;
grant execute on function
scheduling.create_private_link(uuid, text, text, timestamptz, integer),
scheduling.revoke_private_link(uuid),
scheduling.resolve_link(text),
public.create_private_link(public.identifier, text, public.instant, public.whole_number),
public.revoke_private_link(public.identifier),
public.resolve_link(text)
to anon, authenticated, service_role;
