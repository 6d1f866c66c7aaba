-- Hidden services, and the links that open them. Whoever has no link learns nothing: a hidden
-- service and one that does not exist get one answer.

/*
 * Make a link to a service. For owners and managers.
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
 * Revoke a link; again changes nothing. What was booked through it stays.
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
 * How often a link was used: services booked through it that were not called off, holds that run
 * included.
 * Definer: counts bookings that the one who books does not see.
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
 * The link that a token opens, if it opens that service (any, where none is named) and lets so many
 * through. One that is over is told to whoever knows it.
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
 * Look again at the links by which some services are booked, under their lock.
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

/*
 * What a link shows: the service with its add-ons, its questions and who gives it, and the
 * business, as the catalog would show them.
 * Definer: what is hidden is shown to nobody else; the token is the proof.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function scheduling.resolve_link(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links = scheduling.link_of(resolve_link.token);
    v_service catalog.services = scheduling.bookable_service(v_link.service_id);
begin
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    return jsonb_build_object(
        'service', to_jsonb(v_service) - array[
            'category_id', 'cancellation_policy_id', 'position', 'is_active', 'archived_at',
            'created_at', 'updated_at'
        ],
        'business', (
            select jsonb_build_object(
                'id', businesses.id,
                'slug', businesses.slug,
                'name', businesses.name,
                'time_zone', businesses.time_zone
            )
            from business.businesses
            where businesses.id = v_service.business_id
        ),
        'addons', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ), '[]')
            from catalog.service_addons
            where service_addons.service_id = v_service.id and service_addons.is_active
        ),
        'questions', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'key', service_questions.key,
                    'label', service_questions.label,
                    'kind', service_questions.kind,
                    'is_required', service_questions.is_required,
                    'choices', service_questions.choices
                )
                order by service_questions.position, service_questions.key
            ), '[]')
            from catalog.service_questions
            where service_questions.service_id = v_service.id and service_questions.is_active
        ),
        'resources', (
            select coalesce(jsonb_agg(
                jsonb_build_object('id', resources.id, 'name', resources.name, 'kind', resources.kind)
                order by resources.position, resources.name
            ), '[]')
            from catalog.service_resources
            inner join catalog.resources on resources.id = service_resources.resource_id
            where service_resources.service_id = v_service.id and resources.is_active
        ),
        'expires_at', v_link.expires_at,
        'uses_left', v_link.max_uses - scheduling.link_uses(v_link.business_id, v_link.id)
    );
end;
$$;
