-- Which text a message has, and the texts that a business saves in place of the platform's.

/*
 * Return the template of a delivery: in the reader's language before its base language before
 * English, the business's own before the platform's, the channel's own before one for all channels.
 */
create function engagement.choose_template(delivery engagement.notification_deliveries)
returns engagement.notification_templates
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_template engagement.notification_templates;
begin
    select notification_templates.* into v_template
    from engagement.notification_templates
    where
        notification_templates.event = delivery.event
        and notification_templates.audience = delivery.audience
        and (
            notification_templates.business_id is null
            or notification_templates.business_id = delivery.business_id
        )
        and (
            notification_templates.channel is null
            or notification_templates.channel = delivery.channel
        )
        and notification_templates.locale in (
            delivery.locale, split_part(delivery.locale, '-', 1), 'en'
        )
    order by
        notification_templates.locale = delivery.locale desc,
        notification_templates.locale = split_part(delivery.locale, '-', 1) desc,
        notification_templates.business_id is null,
        notification_templates.channel is null
    limit 1;
    return v_template;
end;
$$;

/*
 * Read an audience as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_audience(value text)
returns engagement.audience
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('customer', 'business', 'staff') then
        perform private.invalid('audience', 'must be customer, business or staff');
    end if;
    return value::engagement.audience;
end;
$$;

/*
 * Save a business's own text for a notice, in place of the one for the same audience, channel and
 * language. A rule of the table checks the variables in it.
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.save_template(
    business_id uuid,
    event text,
    audience engagement.audience,
    channel identity.notification_channel,
    locale text,
    title text,
    body text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'manage');
    perform engagement.require_event(event);
    if not exists (
        select 1
        from engagement.notices
        where
            notices.event = save_template.event
            and notices.audience = save_template.audience
            and (
                save_template.channel is null or save_template.channel = any(notices.channels)
            )
    ) then
        perform private.invalid('audience and channel', 'must belong to a notice of the event');
    end if;
    insert into engagement.notification_templates (
        business_id, event, audience, channel, locale, title, body
    )
    values (business_id, event, audience, channel, locale, title, body)
    on conflict on constraint notification_templates_one_each do update
    set title = excluded.title, body = excluded.body
    returning notification_templates.id into v_id;
    return v_id;
end;
$$;

/*
 * Delete a business's own text.
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.remove_template(template_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select notification_templates.business_id
        from engagement.notification_templates
        where notification_templates.id = template_id
    );
begin
    if v_business_id is null
        or v_business_id not in (select private.my_businesses('view'))
        and not private.is_operator() then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such template.',
            'Check the id in the view notification_templates.'
        );
    end if;
    perform private.require_member(v_business_id, 'manage');
    delete from engagement.notification_templates where notification_templates.id = template_id;
end;
$$;
