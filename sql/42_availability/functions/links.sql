-- Hidden services and the private links that open them. A caller without a link learns nothing: a
-- hidden service gets the same answer as one that does not exist. What a link shows is in
-- linked_service.sql.

/*
 * Create a link to a service. For owners and managers.
 * Definer: nobody has a write grant on links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.create_private_link(
    service_id uuid, token text, label text, expires_at timestamptz, max_uses integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_id uuid;
begin
    perform private.current_user_id();
    select services.* into v_service
    from catalog.services
    where
        services.id = create_private_link.service_id
        and (
            services.visibility = 'public'
            or services.business_id in (select private.my_businesses('view'))
        );
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    perform private.require_member(v_service.business_id, 'manage');
    insert into catalog.private_links (
        business_id, service_id, token_hash, label, expires_at, max_uses, created_by, created_at
    )
    values (
        v_service.business_id,
        v_service.id,
        business.token_hash(create_private_link.token),
        create_private_link.label,
        create_private_link.expires_at,
        create_private_link.max_uses,
        auth.uid(),
        private.now()
    )
    returning private_links.id into v_id;
    return v_id;
end;
$$;

/*
 * Revoke a link. Bookings made through it stay; a repeated call changes nothing.
 * Definer: as scheduling.create_private_link.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.revoke_private_link(link_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    perform private.current_user_id();
    perform private.lock(array[revoke_private_link.link_id]);
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.id = revoke_private_link.link_id
        and private_links.business_id in (select private.my_businesses('view'));
    if v_link.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such link.',
            'Check the id in the view private_links.'
        );
    end if;
    perform private.require_member(v_link.business_id, 'manage');
    update catalog.private_links
    set revoked_at = private.now()
    where private_links.id = v_link.id and private_links.revoked_at is null;
end;
$$;

/*
 * Return how often a link was used: the services booked through it, with running holds and without
 * what was cancelled.
 * Definer: counts bookings that the caller does not see.
 */
create function scheduling.link_uses(business_id uuid, link_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select count(*)
        from scheduling.booking_items
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            booking_items.business_id = link_uses.business_id
            and booking_items.private_link_id = link_uses.link_id
            and booking_items.cancelled_at is null
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now())
    );
end;
$$;

/*
 * Return the link of a token, or null if there is none or it opens another service than the given
 * one. A caller who knows the token learns that the link has ended.
 * Definer: nobody reads the hash of a token.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.link_of(token text, service_id uuid default null)
returns catalog.private_links
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.token_hash = business.token_hash(link_of.token)
        and (link_of.service_id is null or private_links.service_id = link_of.service_id);
    if v_link.id is not null then
        perform scheduling.refuse_link_over(v_link, 1);
    end if;
    return v_link;
end;
$$;

/*
 * Refuse a link that was revoked, has expired, or has fewer uses left than wanted.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_link_over(link catalog.private_links, wanted integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if link.revoked_at is not null
        or link.expires_at <= private.now()
        or link.max_uses < wanted + scheduling.link_uses(link.business_id, link.id) then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is no longer valid.',
            'Ask the business for a new link.'
        );
    end if;
end;
$$;

/*
 * Check the links of some legs once more, under their lock.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_links_over(legs scheduling.leg[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_link record;
begin
    if array(
        select leg.private_link_id from unnest(legs) as leg where leg.private_link_id is not null
    ) = '{}' then
        return;
    end if;
    for v_link in
        select
            private_links,
            count(*)::integer as wanted
        from unnest(legs) as leg
        inner join catalog.private_links on private_links.id = leg.private_link_id
        group by private_links.id
    loop
        perform scheduling.refuse_link_over(v_link.private_links, v_link.wanted);
    end loop;
end;
$$;
