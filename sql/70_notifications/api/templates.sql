-- What businesses tell their customers: texts of their own, and offers.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.save_notification_template(
    business_id public.identifier,
    event text,
    audience text,
    locale text,
    title text,
    body text,
    channel text default null
)
returns public.notification_templates
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_template public.notification_templates;
begin
    v_id = engagement.save_template(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(event, 'event', 100),
        engagement.to_audience(audience),
        case when channel is not null then engagement.to_channel(channel) end,
        private.to_required_text(locale, 'locale', 35),
        private.to_required_text(title, 'title', 200),
        private.to_required_text(body, 'body', 10000)
    );
    select notification_templates.* into v_template
    from public.notification_templates
    where notification_templates.id = v_id;
    return v_template;
end;
$$;
comment on function public.save_notification_template is
'Save a business''s own template for an event.

It replaces the earlier one for the same audience, channel and language. {{variable}} must be one '
'of notification_variables for the event. Returns the template.

- channel: null for all channels without a template of their own.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.remove_notification_template(template_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.remove_template(private.to_identifier(template_id, 'template_id'));
end;
$$;
comment on function public.remove_notification_template is
'Delete a business''s own template.

The platform''s template applies again.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.send_offer(business_id public.identifier, title text, body text)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.send_offer(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(title, 'title', 200),
        private.to_required_text(body, 'body', 5000)
    );
end;
$$;
comment on function public.send_offer is
'Send an offer of a business, by mail and in the app, to everybody who has consented.

Every mail has a link that ends the consent. Returns the number of recipients.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.save_notification_template(public.identifier, text, text, text, text, text, text),
public.remove_notification_template(public.identifier),
public.send_offer(public.identifier, text, text)
to anon, authenticated, service_role;
