-- From a selection (one service that somebody wants, when, with whom and with what) to a leg: the
-- selection with everything that the catalog says about it, such as its length, price and buffers.

/*
 * Return the legs of some selections, in order. They must not overlap, and must share a business
 * and a currency.
 * Definer: services and add-ons are read the same for everybody; what the caller may see is
 * checked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.legs(selections scheduling.selection[])
returns scheduling.leg[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_selection scheduling.selection;
    v_leg scheduling.leg;
    v_legs scheduling.leg[] = '{}';
begin
    foreach v_selection in array legs.selections loop
        if v_selection.starts_at is null and v_leg.ends_at is not null then
            v_selection.starts_at = v_leg.ends_at
            + make_interval(mins => coalesce(v_selection.gap_minutes, 0));
        end if;
        if v_selection.starts_at < v_leg.ends_at then
            perform private.invalid('items', 'must follow each other in time');
        end if;
        v_leg = scheduling.leg(v_selection);
        if v_leg.business_id <> v_legs[1].business_id or v_leg.currency <> v_legs[1].currency then
            perform private.invalid('items', 'must belong to one business and have one currency');
        end if;
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * Return the leg of one selection, which the caller may see.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.leg(selection scheduling.selection)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link catalog.private_links;
    v_service catalog.services;
    v_leg scheduling.leg;
begin
    if selection.link_token is not null then
        v_link = scheduling.link_of(selection.link_token, selection.service_id);
        if v_link.id is null then
            perform scheduling.refuse_unseen();
        end if;
    end if;
    v_service = scheduling.visible_service(selection.service_id, has_link => v_link.id is not null);
    if selection.party_size > v_service.max_party_size then
        perform private.invalid(
            'party_size', format('must be at most %s', v_service.max_party_size)
        );
    end if;
    v_leg = scheduling.make_leg(v_service, scheduling.chosen_addons(v_service.id, selection.addon_ids));
    v_leg.starts_at = selection.starts_at;
    v_leg.ends_at = selection.starts_at + make_interval(mins => v_leg.minutes);
    v_leg.resource_id = selection.resource_id;
    v_leg.party_size = selection.party_size;
    v_leg.answers = coalesce(selection.answers, '{}');
    v_leg.private_link_id = v_link.id;
    return v_leg;
end;
$$;

/*
 * Return what the catalog says about a service with some add-ons. Add-ons do not make a class
 * longer.
 */
create function scheduling.make_leg(service catalog.services, chosen scheduling.chosen_addons)
returns scheduling.leg
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
begin
    v_leg.business_id = service.business_id;
    v_leg.service_id = service.id;
    v_leg.service_name = service.name;
    v_leg.minutes = service.duration_minutes
    + case when service.is_class then 0 else chosen.minutes end;
    v_leg.before = make_interval(mins => service.buffer_before_minutes);
    v_leg.after = make_interval(mins => service.buffer_after_minutes);
    v_leg.currency = service.currency;
    v_leg.price_minor = service.price_minor;
    v_leg.addons = chosen.addons;
    v_leg.requires_confirmation = service.requires_confirmation;
    v_leg.is_blocked_by_pending = service.is_blocked_by_pending;
    v_leg.hold_minutes = service.hold_minutes;
    v_leg.anonymous_hold_minutes = service.anonymous_hold_minutes;
    v_leg.prepayment_bps = service.prepayment_bps;
    v_leg.is_class = service.is_class;
    return v_leg;
end;
$$;

/*
 * Return a service that takes bookings and that the caller may see. A hidden service, and one that
 * needs an entitlement that the caller lacks, is for members of its business and for callers with a
 * link to it.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.visible_service(service_id uuid, has_link boolean default false)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.open_service(visible_service.service_id);
begin
    if (
        v_service.visibility = 'hidden'
        or v_service.access is not null
        and not customers.is_entitled(v_service.business_id, v_service.access)
    )
        and not has_link
        and v_service.business_id not in (select private.my_businesses('view')) then
        perform scheduling.refuse_unseen();
    end if;
    return v_service;
end;
$$;

/*
 * Return a service that takes bookings. An absent service and one that the caller may not see get
 * the same answer; members learn that their service takes no bookings.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.open_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    v_service = scheduling.bookable_service(open_service.service_id);
    if v_service.id is not null then
        return v_service;
    end if;
    if exists (
        select 1
        from catalog.services
        where
            services.id = open_service.service_id
            and services.business_id in (select private.my_businesses('view'))
    ) then
        perform private.refuse(
            'PT409', 'not_bookable', 'This service takes no bookings at the moment.',
            'Check that the service and its business are active, and that the business is approved.'
        );
    end if;
    perform scheduling.refuse_unseen();
    return null;
end;
$$;

/*
 * Refuse a service that does not exist for the caller.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_unseen()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such service.', 'Check the id in the view services.'
    );
end;
$$;

/*
 * Return the chosen add-ons as they are now, with the minutes that they add up to.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.chosen_addons(service_id uuid, addon_ids uuid[])
returns scheduling.chosen_addons
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_chosen scheduling.chosen_addons = row('[]', 0);
begin
    if coalesce(addon_ids, '{}') = '{}' then
        return v_chosen;
    end if;
    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ),
            '[]'
        ),
        coalesce(sum(service_addons.duration_minutes), 0)
    into v_chosen
    from catalog.service_addons
    where
        service_addons.service_id = chosen_addons.service_id
        and service_addons.id = any(chosen_addons.addon_ids)
        and service_addons.is_active;
    if jsonb_array_length(v_chosen.addons) <> cardinality(addon_ids) then
        perform private.refuse(
            'PT404', 'not_found', 'This service has no such add-on.',
            'Check the id in the view service_addons.'
        );
    end if;
    return v_chosen;
end;
$$;
