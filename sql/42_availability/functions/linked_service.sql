-- What a private link shows: the service and its business as the catalog would show them. The token
-- is the proof, so nothing here asks who the caller is.

/*
 * Return a service as a link shows it.
 */
create function scheduling.linked_service(service catalog.services)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return to_jsonb(service) - array[
        'category_id', 'cancellation_policy_id', 'position', 'is_active', 'archived_at',
        'created_at', 'updated_at'
    ];
end;
$$;

/*
 * Return a business as a link to one of its services shows it.
 */
create function scheduling.linked_business(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', businesses.id,
            'slug', businesses.slug,
            'name', businesses.name,
            'time_zone', businesses.time_zone
        )
        from business.businesses
        where businesses.id = linked_business.business_id
    );
end;
$$;

/*
 * Return the active add-ons of a service as a link shows them.
 */
create function scheduling.linked_addons(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
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
        where service_addons.service_id = linked_addons.service_id and service_addons.is_active
    );
end;
$$;

/*
 * Return the active questions of a service as a link shows them.
 */
create function scheduling.linked_questions(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
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
        where
            service_questions.service_id = linked_questions.service_id
            and service_questions.is_active
    );
end;
$$;

/*
 * Return the active resources of a service as a link shows them.
 */
create function scheduling.linked_resources(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_agg(
            jsonb_build_object('id', resources.id, 'name', resources.name, 'kind', resources.kind)
            order by resources.position, resources.name
        ), '[]')
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where service_resources.service_id = linked_resources.service_id and resources.is_active
    );
end;
$$;

/*
 * Return what a link opens: the service with its add-ons, questions and resources, and the
 * business.
 * Definer: a hidden service shows to nobody else; the token is the proof.
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
        'service', scheduling.linked_service(v_service),
        'business', scheduling.linked_business(v_service.business_id),
        'addons', scheduling.linked_addons(v_service.id),
        'questions', scheduling.linked_questions(v_service.id),
        'resources', scheduling.linked_resources(v_service.id),
        'expires_at', v_link.expires_at,
        'uses_left', v_link.max_uses - scheduling.link_uses(v_link.business_id, v_link.id)
    );
end;
$$;
