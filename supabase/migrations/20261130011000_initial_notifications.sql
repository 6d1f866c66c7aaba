-- The initial schema of 70_notifications: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/70_notifications/tables.sql

-- Notifications tell people what has happened. An event happens to a row of a subject, such as a
-- booking; notices say which audience is told and on which channels; a template has the text; a
-- delivery is one message to one address, from queued to delivered. Nothing here knows a booking:
-- the domain of each subject registers, in private.subjects, what a message says and who reads it.

create schema engagement;
comment on schema engagement is 'Notifications: events, notices, templates, deliveries.';

create type engagement.audience as enum ('customer', 'business', 'staff', 'platform');
create type engagement.variable_type as enum ('text', 'instant', 'money', 'whole_number');
create type engagement.delivery_status as enum (
    'queued', 'sent', 'delivered', 'failed', 'bounced', 'skipped'
);

-- A message that announces an event, while it is planned: what it is about, and what it may say.
-- Messages that are planned together are numbered.
create type engagement.announcement as (
    ordinal integer,
    message_id uuid,
    event text,
    subject text,
    subject_id uuid,
    payload jsonb,
    data jsonb
);

-- Somebody who is told of an announcement, and where.
create type engagement.recipient as (
    ordinal integer,
    audience engagement.audience,
    channel identity.notification_channel,
    user_id uuid,
    address text,
    locale text,
    variables jsonb,
    -- Why nothing is sent; null: it is.
    reason text
);

-- What a provider accepted, and its id of it.
create type engagement.sent_delivery as (id uuid, provider text, provider_id text);

-- A reminder while it is planned.
create type engagement.reminder_plan as (
    ordinal integer,
    business_id uuid,
    subject text,
    subject_id uuid,
    event text,
    condition text,
    starts_at timestamptz,
    due_at timestamptz
);

create table engagement.variables (
    subject text not null references private.subjects (name) on delete cascade,
    name text not null,
    type engagement.variable_type not null,
    description text not null,

    primary key (subject, name),
    constraint variables_name_is_plain check (name ~ '^[a-z][a-z_]*$')
);
comment on table engagement.variables is
'The variables that templates of a subject may use, as {{name}}. The type decides how the value is '
'shown in the reader''s language.';

create table engagement.events (
    -- The topic of the message that announces it.
    name text primary key,
    subject text not null references private.subjects (name) on delete restrict,
    description text not null,
    -- Preferences and quiet hours do not stop it.
    is_mandatory boolean not null default false,
    -- Only readers who consented to the business's offers are told.
    is_marketing boolean not null default false,
    -- Readers are told only while the row is in this condition and starts when it did. The
    -- subject's holds_function knows the condition. Null: always.
    condition text,
    -- (subject id) → the path of a link for the reader of the mail. It is made when the mail is
    -- sent, and stored nowhere. Null: the mail has none.
    link_function text,

    constraint events_name_subject_unique unique (name, subject),
    constraint events_marketing_is_never_mandatory check (not (is_marketing and is_mandatory))
);
comment on table engagement.events is 'The events of which people are told.';
create index events_subject_idx on engagement.events (subject);

create table engagement.notices (
    event text not null references engagement.events (name) on delete cascade,
    audience engagement.audience not null,
    channels identity.notification_channel array not null,

    primary key (event, audience)
);
comment on table engagement.notices is
'Which audience is told of an event, and on which channels.';

create table engagement.reminder_kinds (
    -- The event that the reminder itself is.
    event text primary key references engagement.events (name) on delete cascade,
    before interval not null,

    constraint reminder_kinds_are_before check (before > interval '0')
);
comment on table engagement.reminder_kinds is
'How long before its start people are reminded of a row.';

create table engagement.reminders (
    business_id uuid references business.businesses (id) on delete cascade,
    subject text not null,
    subject_id uuid not null,
    event text not null references engagement.reminder_kinds (event) on delete cascade,
    starts_at timestamptz not null,
    due_at timestamptz not null,

    primary key (subject_id, event, starts_at),
    constraint reminders_event_has_the_subject foreign key (event, subject)
    references engagement.events (name, subject) on delete cascade
);
comment on table engagement.reminders is
'Reminders in the queue: one for each row of a subject, kind and start.';
create index reminders_business_id_idx on engagement.reminders (business_id);
create index reminders_event_idx on engagement.reminders (event, subject);

create table engagement.notification_templates (
    id uuid primary key default gen_random_uuid(),
    -- Null: the platform's text, for every business without a text of its own.
    business_id uuid references business.businesses (id) on delete cascade,
    event text not null references engagement.events (name) on delete cascade,
    audience engagement.audience not null,
    -- Null: the text for every channel without one of its own.
    channel identity.notification_channel,
    locale text not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint notification_templates_business_id_id_unique unique (business_id, id),
    constraint notification_templates_one_each unique nulls not distinct (
        business_id, event, audience, channel, locale
    ),
    constraint notification_templates_notice_exists foreign key (event, audience)
    references engagement.notices (event, audience) on delete cascade,
    constraint notification_templates_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint notification_templates_title_is_short check (
        length(btrim(title)) between 1 and 200 and private.is_one_line(title)
        or private.invalid('title', 'must have 1 to 200 printable characters')
    ),
    constraint notification_templates_body_is_short check (
        length(btrim(body)) between 1 and 10000 and body !~ '[\x01-\x08\x0b-\x1f\x7f]'
        or private.invalid('body', 'must have 1 to 10000 printable characters')
    )
);
comment on table engagement.notification_templates is
'The text of a notification, for an audience, a channel and a language.';
create index notification_templates_notice_idx
on engagement.notification_templates (event, audience);

create table engagement.notification_deliveries (
    -- Also the id of the message in the queue.
    id uuid primary key default gen_random_uuid(),
    -- The message that announced the event.
    message_id uuid not null,
    event text not null,
    audience engagement.audience not null,
    channel identity.notification_channel not null,
    business_id uuid references business.businesses (id) on delete cascade,
    -- The row that it is about. Deleting the row deletes its deliveries.
    subject text not null,
    subject_id uuid not null,
    user_id uuid references auth.users (id) on delete set null,
    -- The mail address, the phone number, the token of the device, or the user's id in the app.
    address text,
    locale text not null,
    status engagement.delivery_status not null default 'queued',
    -- Why it was skipped, failed or waits.
    reason text,
    -- The values of the variables when it was planned.
    data jsonb not null,
    attempts integer not null default 0,
    provider text,
    provider_id text,
    due_at timestamptz,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    updated_at timestamptz not null default now(),

    constraint notification_deliveries_business_id_id_unique unique (business_id, id),
    constraint notification_deliveries_once_each unique nulls not distinct (
        message_id, audience, channel, user_id, address
    ),
    constraint notification_deliveries_event_has_the_subject foreign key (event, subject)
    references engagement.events (name, subject) on delete restrict,
    constraint notification_deliveries_have_an_address check (
        address is not null or status = 'skipped'
    )
);
comment on table engagement.notification_deliveries is
'One message to one address, and its status.';
comment on column engagement.notification_deliveries.id is '[person] The id of the message, too.';
comment on column engagement.notification_deliveries.user_id is '[person]';
comment on column engagement.notification_deliveries.subject_id is '[person]';
comment on column engagement.notification_deliveries.address is '[person] [personal: replaced]';
comment on column engagement.notification_deliveries.reason is '[personal]';
comment on column engagement.notification_deliveries.data is '[personal]';
comment on column engagement.notification_deliveries.provider_id is '[personal]';
-- Which deliveries are about a row that is deleted?
create index notification_deliveries_subject_id_idx
on engagement.notification_deliveries (subject_id);
-- Which deliveries of a business are about a booking? The view has its id in a column.
create index notification_deliveries_booking_idx
on engagement.notification_deliveries (
    business_id, (case when subject = 'booking' then subject_id end)
);
create index notification_deliveries_user_id_idx
on engagement.notification_deliveries (user_id, created_at);
create index notification_deliveries_event_idx
on engagement.notification_deliveries (event, subject);
create index notification_deliveries_provider_idx
on engagement.notification_deliveries (provider, provider_id) where provider_id is not null;
create index notification_deliveries_created_at_idx
on engagement.notification_deliveries (created_at, channel, status);

create table engagement.notifications (
    -- The id of its delivery.
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid references business.businesses (id) on delete cascade,
    subject text,
    subject_id uuid,
    event text not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default now(),
    read_at timestamptz,

    constraint notifications_business_id_id_unique unique (business_id, id),
    constraint notifications_subject_is_whole check ((subject is null) = (subject_id is null))
);
comment on table engagement.notifications is 'Notifications that a user reads in the app.';
comment on column engagement.notifications.user_id is '[person: delete]';
comment on column engagement.notifications.subject_id is '[person: delete]';
comment on column engagement.notifications.title is '[personal]';
comment on column engagement.notifications.body is '[personal]';
create index notifications_user_id_idx on engagement.notifications (user_id, created_at);
create index notifications_business_id_idx on engagement.notifications (business_id);
-- Which notifications are about a row that is deleted?
create index notifications_subject_id_idx on engagement.notifications (subject_id);

create table engagement.marketing_consents (
    user_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    given_at timestamptz not null default now(),
    withdrawn_at timestamptz,
    -- The secret of the link in a mail: it withdraws the consent without signing in.
    unsubscribe_token uuid not null default gen_random_uuid(),

    primary key (user_id, business_id),
    constraint marketing_consents_token_unique unique (unsubscribe_token)
);
comment on table engagement.marketing_consents is
'Consents to a business''s offers. A withdrawn one is kept: both instants are a proof.';
comment on column engagement.marketing_consents.user_id is '[person]';
comment on column engagement.marketing_consents.unsubscribe_token is '[secret]';
create index marketing_consents_business_id_idx on engagement.marketing_consents (business_id);

create table engagement.marketing_offers (
    business_id uuid not null references business.businesses (id) on delete cascade,
    id bigint generated always as identity,
    title text not null,
    body text not null,
    sent_by uuid references auth.users (id) on delete set null,
    sent_at timestamptz not null default now(),

    primary key (business_id, id),
    constraint marketing_offers_title_is_one_line check (
        private.is_one_line(title) or private.invalid('title', 'must be one line')
    )
);
comment on table engagement.marketing_offers is
'What businesses sent to the customers who consented, and who sent it. Only ever added to.';
comment on column engagement.marketing_offers.sent_by is '[person]';
create index marketing_offers_sent_by_idx on engagement.marketing_offers (sent_by);

-- sql/70_notifications/functions/accounts.sql

-- Messages of sign-in. Their codes and links are in the queue's message only and are gone with it,
-- so no delivery is written.

/*
 * Start a message of sign-in. Returns all that the worker needs to render and send it, or null when
 * it was sent. `payload` is as in docs/auth.md.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_account_message(
    message_id uuid, channel identity.notification_channel, payload jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect record = private.start_effect(message_id, 'send');
    v_user_id constant uuid = payload ->> 'user_id';
    v_message engagement.notification_deliveries;
begin
    if v_effect.is_done then
        return null;
    end if;
    v_message.id = message_id;
    v_message.event = 'auth.' || (payload ->> 'kind');
    v_message.audience = 'customer';
    v_message.channel = channel;
    v_message.subject = 'account';
    v_message.address = payload ->> 'to';
    v_message.locale = coalesce(
        (select profiles.locale from identity.profiles where profiles.id = v_user_id),
        payload ->> 'locale',
        'en'
    );
    select facts.data into v_message.data
    from private.subject_data(
        'account', array[row(1, v_user_id, payload)::private.subject_message]
    ) as facts;
    return (
        select engagement.sending_job(
            v_message,
            engagement.choose_template(v_message),
            types.types,
            v_effect.idempotency_key
        )
        from engagement.variable_types() as types
        where types.subject = v_message.subject
    );
end;
$$;

-- sql/70_notifications/functions/consents.sql

-- Who gets a business's offers, and the offers themselves. What people answered is in crm.consents,
-- and marketing_consents follows it. Every mail of an offer has a link that withdraws the consent.

/*
 * Withdraw a consent with the token of a mail. The answer to an unknown token is the same, so that
 * it reveals nothing.
 * Definer: the caller need not be signed in.
 */
create function engagement.unsubscribe(token uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into crm.consents (business_id, user_id, purpose, is_given, source, at)
    select
        marketing_consents.business_id, marketing_consents.user_id, 'marketing', false, 'link',
        private.now()
    from engagement.marketing_consents
    where
        marketing_consents.unsubscribe_token = unsubscribe.token
        and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Return the token that withdraws a user's consent, or null when there is no consent.
 */
create function engagement.unsubscribe_token(user_id uuid, business_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select marketing_consents.unsubscribe_token
        from engagement.marketing_consents
        where
            marketing_consents.user_id = unsubscribe_token.user_id
            and marketing_consents.business_id = unsubscribe_token.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;

/*
 * Send an offer to the customers who consented. Returns how many they are.
 * Definer: the caller may not read who consented.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.send_offer(business_id uuid, title text, body text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_member(business_id, 'manage');
    insert into engagement.marketing_offers (business_id, title, body, sent_by, sent_at)
    values (
        send_offer.business_id, send_offer.title, send_offer.body, auth.uid(), private.now()
    );
    perform private.emit(
        'offer.made',
        jsonb_build_object('business_id', business_id, 'title', title, 'body', body)
    );
    return (
        select count(*)
        from engagement.marketing_consents
        where
            marketing_consents.business_id = send_offer.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;

-- sql/70_notifications/functions/deliveries.sql

-- Whom events are told, on which address, and the delivery that is written for each address.

/*
 * Write the deliveries of announcements and queue them, except those in the app, which need no
 * worker of their own. Returns what the worker needs to render those.
 */
create function engagement.plan_deliveries(announcements engagement.announcement[])
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_queued uuid array;
    v_in_app uuid array;
begin
    with written as (
        select deliveries.id, deliveries.channel
        from engagement.write_deliveries(announcements) as deliveries
        where deliveries.status = 'queued'
    )

    select
        array_agg(written.id) filter (where written.channel <> 'in_app'),
        array_agg(written.id) filter (where written.channel = 'in_app')
    into v_queued, v_in_app
    from written;
    perform engagement.queue_deliveries(v_queued);
    return (
        select coalesce(jsonb_agg(jobs), '[]') from engagement.sending_jobs(v_in_app) as jobs
    );
end;
$$;

/*
 * Write a delivery for each recipient of announcements, or why it is skipped. A delivery that
 * exists stays as it is. The order is that of the messages, so what happened first is told first.
 */
create function engagement.write_deliveries(announcements engagement.announcement[])
returns setof engagement.notification_deliveries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, business_id, subject, subject_id, user_id, address,
        locale, data, status, reason, created_at, updated_at
    )
    select
        every.message_id,
        every.event,
        recipients.audience,
        recipients.channel,
        (every.data ->> 'business_id')::uuid,
        every.subject,
        every.subject_id,
        recipients.user_id,
        recipients.address,
        recipients.locale,
        every.data || coalesce(recipients.variables, '{}'),
        case
            when recipients.reason is null then 'queued' else 'skipped'
        end::engagement.delivery_status,
        recipients.reason,
        clock_timestamp(),
        clock_timestamp()
    from engagement.recipients(announcements) as recipients
    inner join unnest(announcements) as every on every.ordinal = recipients.ordinal
    order by
        every.ordinal,
        recipients.audience,
        recipients.user_id,
        recipients.channel,
        recipients.address
    on conflict do nothing
    returning notification_deliveries.*;
end;
$$;

/*
 * Return whom announcements are told, and where: each reader of each notice, on each of its
 * channels, at each address; and why not, where it is skipped. A reader without an address gets one
 * row without. Several devices are several addresses. A preference for the event overrides the one
 * for all events; without either the reader is told.
 */
create function engagement.recipients(announcements engagement.announcement[])
returns setof engagement.recipient
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        readers.ordinal,
        readers.audience,
        channels.channel,
        readers.user_id,
        addresses.address,
        readers.locale,
        readers.variables,
        case
            when addresses.address is null then 'no address'
            when not (events.is_mandatory or coalesce(preferences.is_enabled, true))
                then 'switched off'
        end
    from engagement.readers(announcements) as readers
    inner join engagement.events on events.name = readers.event
    cross join lateral unnest(readers.channels) as channels (channel)
    left join identity.devices
        on
            channels.channel = 'push'
            and devices.user_id = readers.user_id
            and devices.is_active
    cross join lateral (
        select nullif(
            case channels.channel
                when 'mail' then readers.email
                when 'sms' then readers.phone
                when 'push' then devices.token
                when 'in_app' then readers.user_id::text
            end, ''
        )
    ) as addresses (address)
    left join lateral (
        select notification_preferences.is_enabled
        from identity.notification_preferences
        where
            notification_preferences.user_id = readers.user_id
            and notification_preferences.channel = channels.channel
            and notification_preferences.event in (readers.event, '*')
        order by notification_preferences.event = '*'
        limit 1
    ) as preferences on true;
end;
$$;

/*
 * Return the readers of announcements, with the channels of the notice that names them.
 */
create function engagement.readers(announcements engagement.announcement[])
returns table (
    ordinal integer,
    event text,
    audience engagement.audience,
    channels identity.notification_channel array,
    user_id uuid,
    email text,
    phone text,
    locale text,
    variables jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- Materialized: the domain's function runs once for each audience, whatever the join.
    with found as materialized (
        select asked.audience, people.*
        from engagement.audiences(announcements) as asked
        cross join lateral private.subject_readers(
            asked.subject, asked.messages, asked.audience::text
        ) as people
    )

    select
        every.ordinal,
        every.event,
        notices.audience,
        notices.channels,
        found.user_id,
        found.email,
        found.phone,
        found.locale,
        found.variables
    from found
    inner join unnest(announcements) as every on every.ordinal = found.ordinal
    inner join engagement.notices
        on notices.event = every.event and notices.audience = found.audience;
end;
$$;

/*
 * Return, for each subject and audience, the announcements that it is told.
 */
create function engagement.audiences(announcements engagement.announcement[])
returns table (
    subject text, audience engagement.audience, messages private.subject_message array
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        every.subject,
        notices.audience,
        array_agg(row(every.ordinal, every.subject_id, every.payload)::private.subject_message)
    from unnest(announcements) as every
    inner join engagement.notices on notices.event = every.event
    group by every.subject, notices.audience;
end;
$$;

/*
 * Queue deliveries for the workers of their channels, who read them at once or when they are due.
 */
create function engagement.queue_deliveries(delivery_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_messages(
        queued.channel::text,
        'deliver',
        array_agg(jsonb_build_object('delivery_id', queued.id)),
        array_agg(queued.due_at),
        array_agg(queued.id)
    )
    from (
        select
            notification_deliveries.id,
            notification_deliveries.channel,
            notification_deliveries.due_at
        from engagement.notification_deliveries
        where notification_deliveries.id = any(delivery_ids)
        order by notification_deliveries.channel, notification_deliveries.created_at
    ) as queued
    group by queued.channel;
end;
$$;

/*
 * Set the status of a delivery. One that has arrived or bounced keeps its status.
 */
create function engagement.set_delivery_status(
    delivery_id uuid, status engagement.delivery_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update engagement.notification_deliveries
    set
        status = set_delivery_status.status,
        reason = left(set_delivery_status.reason, 1000),
        sent_at = case set_delivery_status.status
            when 'sent' then clock_timestamp()
            else notification_deliveries.sent_at
        end,
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = set_delivery_status.delivery_id
        and notification_deliveries.status not in ('delivered', 'bounced');
end;
$$;

-- sql/70_notifications/functions/devices.sql

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

-- sql/70_notifications/functions/planning.sql

-- From events to the deliveries that tell of them. Many messages are planned together, each step by
-- one statement for all of them, in one transaction that may run any number of times: deliveries
-- that exist are not written again. The domain of an event's subject knows what a message says and
-- who reads it.

/*
 * Plan the deliveries of messages `[{message_id, topic, payload}]`: one for each reader of each
 * notice of an event, on each of the notice's channels. A repeated call makes none, and neither
 * does a topic that is not an event. Returns `{busy, in_app}`: the messages to plan again, because
 * somebody is changing their rows right now; and what engagement.show_in_app must be told in the
 * same transaction, once it is rendered.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.plan(messages jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_read constant engagement.announcement array = array(
        select announcements from engagement.read_announcements(messages) as announcements
    );
    v_claims constant private.subject_claim array = array(
        select claims from engagement.claim_announcements(v_read) as claims
    );
    v_known constant engagement.announcement array = array(
        select announcements from engagement.with_data(v_read) as announcements
    );
    v_planned constant engagement.announcement array = array(
        select known
        from unnest(v_known) as known
        inner join unnest(v_claims) as claims on claims.ordinal = known.ordinal
    );
begin
    perform engagement.plan_reminders(v_planned);
    return jsonb_build_object(
        'busy', array(
            select known.message_id
            from unnest(v_known) as known
            where known.ordinal not in (select claims.ordinal from unnest(v_claims) as claims)
        ),
        'in_app', engagement.plan_deliveries(array(
            select planned
            from unnest(v_planned) as planned
            inner join unnest(v_claims) as claims on claims.ordinal = planned.ordinal
            inner join engagement.announcements_that_hold(v_planned) as holding
                on holding = planned.ordinal
            where claims.is_told
        ))
    );
end;
$$;

/*
 * Read messages that announce events; others are left out. Each names a row of its subject.
 */
create function engagement.read_announcements(messages jsonb)
returns setof engagement.announcement
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        entries.ordinal::integer,
        (entries.value ->> 'message_id')::uuid,
        events.name,
        events.subject,
        (entries.value -> 'payload' ->> subjects.id_key)::uuid,
        entries.value -> 'payload',
        null::jsonb
    from jsonb_array_elements(messages) with ordinality as entries (value, ordinal)
    inner join engagement.events on events.name = entries.value ->> 'topic'
    inner join private.subjects on subjects.name = events.subject;
end;
$$;

/*
 * Return, for each subject, the announcements as its functions get them.
 */
create function engagement.by_subject(announcements engagement.announcement[])
returns table (subject text, messages private.subject_message array)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        every.subject,
        array_agg(
            row(every.ordinal, every.subject_id, every.payload)::private.subject_message
            order by every.ordinal
        )
    from unnest(announcements) as every
    group by every.subject;
end;
$$;

/*
 * Claim the rows of announcements, so that they stay while these are planned, and return of which
 * people must be told.
 */
create function engagement.claim_announcements(announcements engagement.announcement[])
returns setof private.subject_claim
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select claims.*
    from engagement.by_subject(announcements) as about
    cross join lateral private.claim_subjects(about.subject, about.messages) as claims;
end;
$$;

/*
 * Return announcements with what they may say. One whose row does not exist is left out.
 */
create function engagement.with_data(announcements engagement.announcement[])
returns setof engagement.announcement
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    -- Materialized: the domain's function runs once, whatever the join.
    with facts as materialized (
        select said.ordinal, said.data
        from engagement.by_subject(announcements) as about
        cross join lateral private.subject_data(about.subject, about.messages) as said
    )

    select
        every.ordinal,
        every.message_id,
        every.event,
        every.subject,
        every.subject_id,
        every.payload,
        facts.data
    from unnest(announcements) as every
    inner join facts on facts.ordinal = every.ordinal
    where facts.data is not null;
end;
$$;

/*
 * Return the announcements whose rows are in the condition that the event requires, and still start
 * at the instant that the message names.
 */
create function engagement.announcements_that_hold(announcements engagement.announcement[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select holding.ordinal
    from (
        select
            every.subject,
            array_agg(
                row(
                    every.ordinal,
                    every.subject_id,
                    events.condition,
                    (every.payload ->> 'to_starts_at')::timestamptz
                )::private.subject_state
            ) as states
        from unnest(announcements) as every
        inner join engagement.events on events.name = every.event
        group by every.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;

-- sql/70_notifications/functions/preferences.sql

-- What users want to hear, when their phones stay silent, and what they have read.

/*
 * Refuse an event that does not exist.
 *
 * Errors:  PT404 not_found
 */
create function engagement.require_event(event text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from engagement.events where events.name = require_event.event) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such event.',
            'Choose one from the view notification_events.'
        );
    end if;
end;
$$;

/*
 * Read a channel as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_channel(value text)
returns identity.notification_channel
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('mail', 'sms', 'push', 'in_app') then
        perform private.invalid('channel', 'must be mail, sms, push or in_app');
    end if;
    return value::identity.notification_channel;
end;
$$;

/*
 * Switch an event, or all events with `*`, on or off for the caller on a channel.
 * Definer: nobody has a write grant on preferences; the caller changes their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_preference(
    event text, channel identity.notification_channel, is_enabled boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if event <> '*' then
        perform engagement.require_event(event);
    end if;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    values (private.current_user_id(), event, channel, is_enabled)
    on conflict on constraint notification_preferences_pkey do update
    set is_enabled = excluded.is_enabled;
end;
$$;

/*
 * Set the caller's quiet hours, or remove them with null.
 * Definer: nobody has a write grant on quiet hours; the caller changes their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.set_quiet_hours(starts_at time, ends_at time)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if (starts_at is null) <> (ends_at is null) then
        perform private.invalid('from_time and to_time', 'must both be sent, or neither');
    end if;
    if starts_at is null then
        delete from identity.quiet_hours where quiet_hours.user_id = private.current_user_id();
        return;
    end if;
    insert into identity.quiet_hours (user_id, starts_at, ends_at)
    values (private.current_user_id(), set_quiet_hours.starts_at, set_quiet_hours.ends_at)
    on conflict on constraint quiet_hours_pkey do update
    set starts_at = excluded.starts_at, ends_at = excluded.ends_at;
end;
$$;

/*
 * Return when a user's quiet hours end, or null when they are not in them.
 */
create function engagement.quiet_until(user_id uuid)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_hours identity.quiet_hours;
    v_time_zone text;
    v_now timestamp;
    v_end timestamp;
begin
    select quiet_hours.* into v_hours
    from identity.quiet_hours
    where quiet_hours.user_id = quiet_until.user_id;
    if not found then
        return null;
    end if;
    select profiles.time_zone into v_time_zone
    from identity.profiles
    where profiles.id = quiet_until.user_id;
    v_now = private.now() at time zone v_time_zone;
    if v_hours.starts_at < v_hours.ends_at then
        if v_now::time < v_hours.starts_at or v_now::time >= v_hours.ends_at then
            return null;
        end if;
        v_end = v_now::date + v_hours.ends_at;
    elsif v_now::time >= v_hours.starts_at then
        v_end = v_now::date + 1 + v_hours.ends_at;
    elsif v_now::time < v_hours.ends_at then
        v_end = v_now::date + v_hours.ends_at;
    end if;
    return v_end at time zone v_time_zone;
end;
$$;

/*
 * Mark the caller's notifications as read: the named ones, or all. Returns how many were unread.
 * Definer: nobody has a write grant on notifications.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.mark_read(notification_ids uuid[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    update engagement.notifications
    set read_at = private.now()
    where
        notifications.user_id = private.current_user_id()
        and notifications.read_at is null
        and (notification_ids is null or notifications.id = any(notification_ids));
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/70_notifications/functions/reminders.sql

-- People are reminded of a row before it starts. A reminder is a message that waits in its queue
-- until it is due, and is checked again then.

/*
 * Queue the reminders of the rows that are announced, each for its time, when a row is in the
 * condition that they require. Reminders whose time has passed are left out.
 */
create function engagement.plan_reminders(announcements engagement.announcement[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_possible constant engagement.reminder_plan array = array(
        select possible from engagement.possible_reminders(announcements) as possible
    );
    v_topics text array;
    v_payloads jsonb array;
    v_due_ats timestamptz array;
begin
    with planned as (
        insert into engagement.reminders (
            business_id, subject, subject_id, event, starts_at, due_at
        )
        select
            possible.business_id,
            possible.subject,
            possible.subject_id,
            possible.event,
            possible.starts_at,
            possible.due_at
        from unnest(v_possible) as possible
        inner join engagement.reminders_that_hold(v_possible) as holding
            on holding = possible.ordinal
        order by possible.subject_id, possible.event
        on conflict do nothing
        returning reminders.*
    )

    select
        array_agg(planned.event),
        array_agg(
            private.subject_payload(planned.subject, planned.subject_id) || jsonb_build_object(
                'business_id', planned.business_id,
                'to_starts_at', planned.starts_at
            )
        ),
        array_agg(planned.due_at)
    into v_topics, v_payloads, v_due_ats
    from planned;
    perform private.emit_all(v_topics, v_payloads, v_due_ats);
end;
$$;

/*
 * Return the reminders of the rows that are announced whose time is still to come.
 */
create function engagement.possible_reminders(announcements engagement.announcement[])
returns setof engagement.reminder_plan
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        row_number() over ()::integer,
        (every.data ->> 'business_id')::uuid,
        every.subject,
        every.subject_id,
        events.name,
        events.condition,
        starts.at,
        starts.at - reminder_kinds.before
    from unnest(announcements) as every
    cross join lateral (select (every.data ->> 'starts_at')::timestamptz) as starts (at)
    inner join engagement.events on events.subject = every.subject
    inner join engagement.reminder_kinds on reminder_kinds.event = events.name
    where starts.at - reminder_kinds.before > private.now();
end;
$$;

/*
 * Return the reminders whose rows are in the condition that they require.
 */
create function engagement.reminders_that_hold(reminders engagement.reminder_plan[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select holding.ordinal
    from (
        select
            every.subject,
            array_agg(
                row(
                    every.ordinal, every.subject_id, every.condition, every.starts_at
                )::private.subject_state
            ) as states
        from unnest(reminders) as every
        group by every.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;

-- sql/70_notifications/functions/reports.sql

-- What providers report later about the messages that they accepted.

/*
 * Record a provider's report about a delivery: delivered, or bounced with a reason. Returns whether
 * the delivery is ours.
 * Definer: called by the edge, which has no access to the tables.
 */
create function engagement.record_report(
    provider text, provider_id text, status engagement.delivery_status, reason text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.provider = record_report.provider
            and notification_deliveries.provider_id = record_report.provider_id
    loop
        perform engagement.set_delivery_status(v_id, status, reason);
    end loop;
    return v_id is not null;
end;
$$;

-- sql/70_notifications/functions/sending.sql

-- Deliveries between their start and their end. The worker renders and sends what it is told here,
-- and finishes or fails each delivery; both may happen twice.

/*
 * Return all that a worker needs to render and send deliveries.
 */
create function engagement.sending_jobs(delivery_ids uuid[])
returns setof jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return query
    select engagement.sending_job(
        notification_deliveries,
        engagement.choose_template(notification_deliveries),
        types.types,
        effects.idempotency_key
    )
    from engagement.notification_deliveries
    inner join engagement.variable_types() as types
        on types.subject = notification_deliveries.subject
    left join private.effects
        on effects.message_id = notification_deliveries.id and effects.effect = 'send'
    where notification_deliveries.id = any(delivery_ids)
    order by notification_deliveries.created_at;
end;
$$;

/*
 * Return the types of the variables of each subject.
 */
create function engagement.variable_types()
returns table (subject text, types jsonb)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select variables.subject, jsonb_object_agg(variables.name, variables.type)
    from engagement.variables
    group by variables.subject;
end;
$$;

/*
 * Return all that a worker needs to render and send a message: its text, its variables and their
 * types, the address, the key that makes the provider send it once, the path of a link that only
 * its reader gets, and, when the message is an offer, the token of the link that withdraws a
 * consent.
 */
create function engagement.sending_job(
    delivery engagement.notification_deliveries,
    template engagement.notification_templates,
    types jsonb,
    idempotency_key text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'id', delivery.id,
        'event', delivery.event,
        'audience', delivery.audience,
        'channel', delivery.channel,
        'address', delivery.address,
        'locale', template.locale,
        'reader_locale', delivery.locale,
        'title', template.title,
        'body', template.body,
        'data', delivery.data,
        'types', types,
        'idempotency_key', idempotency_key,
        'link_path', engagement.link_path(delivery),
        'unsubscribe_token', (
            select engagement.unsubscribe_token(delivery.user_id, delivery.business_id)
            from engagement.events
            where events.name = delivery.event and events.is_marketing
        )
    );
end;
$$;

/*
 * Return the path of the link that a mail to a customer ends with; null for none. The domain of the
 * subject makes it.
 */
create function engagement.link_path(delivery engagement.notification_deliveries)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_function constant text = (
        select events.link_function
        from engagement.events
        where events.name = delivery.event
    );
    v_path text;
begin
    if v_function is not null and delivery.channel = 'mail' and delivery.audience = 'customer' then
        execute format('select %s($1)', v_function) into v_path using delivery.subject_id;
    end if;
    return v_path;
end;
$$;

/*
 * Record that providers accepted deliveries: `[{id, provider, provider_id}]`. A second call changes
 * nothing, and one that has arrived or bounced keeps its status.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_deliveries(sent jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sent constant engagement.sent_delivery array = array(
        select entries from jsonb_populate_recordset(null::engagement.sent_delivery, sent) as entries
    );
    v_first constant uuid array = array(
        select private.finish_effects(array_agg(entries.id), 'send', array_agg(to_jsonb(entries) - 'id'))
        from unnest(v_sent) as entries
    );
begin
    update engagement.notification_deliveries
    set
        provider = entries.provider,
        provider_id = entries.provider_id,
        status = case
            when notification_deliveries.status in ('delivered', 'bounced')
                then notification_deliveries.status
            else 'sent'
        end,
        reason = null,
        sent_at = clock_timestamp(),
        updated_at = clock_timestamp()
    from unnest(v_sent) as entries
    where entries.id = any(v_first) and notification_deliveries.id = entries.id;
end;
$$;

/*
 * Show deliveries in the app: `[{id, title, body}]`, as they were rendered. They have arrived at
 * once.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.show_in_app(rendered jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    with shown as (
        update engagement.notification_deliveries
        set
            status = 'delivered',
            attempts = 1,
            provider = 'app',
            provider_id = notification_deliveries.id::text,
            sent_at = clock_timestamp(),
            updated_at = clock_timestamp()
        from jsonb_to_recordset(rendered) as texts (id uuid, title text, body text)
        where
            notification_deliveries.id = texts.id
            and notification_deliveries.channel = 'in_app'
            and notification_deliveries.status = 'queued'
        returning notification_deliveries.*, texts.title, texts.body
    )

    insert into engagement.notifications (
        id, user_id, business_id, subject, subject_id, event, title, body
    )
    select
        shown.id,
        shown.user_id,
        shown.business_id,
        shown.subject,
        shown.subject_id,
        shown.event,
        shown.title,
        shown.body
    from shown;
end;
$$;

/*
 * Record that a delivery is given up: the provider refused it for good, or every attempt failed. No
 * message goes to a dead address again.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.fail_delivery(
    delivery_id uuid, provider text, reason text, is_address_dead boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = fail_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return;
    end if;
    update engagement.notification_deliveries
    set provider = fail_delivery.provider
    where notification_deliveries.id = v_delivery.id;
    perform engagement.set_delivery_status(
        v_delivery.id,
        case
            when is_address_dead and v_delivery.channel <> 'push' then 'bounced' else 'failed'
        end::engagement.delivery_status,
        reason
    );
    if is_address_dead then
        perform engagement.disable_address(v_delivery, reason);
    end if;
end;
$$;

/*
 * Stop writing to the address of a delivery: switch off a device, or texts to a user's number.
 */
create function engagement.disable_address(
    delivery engagement.notification_deliveries, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update identity.devices
    set
        is_active = false,
        disabled_reason = left(disable_address.reason, 200)
    where delivery.channel = 'push' and devices.token = delivery.address;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    select delivery.user_id, '*', 'sms', false
    where delivery.channel = 'sms' and delivery.user_id is not null
    on conflict (user_id, event, channel) do update set is_enabled = false;
end;
$$;

-- sql/70_notifications/functions/starting.sql

-- The start of deliveries, many together: those that must not be sent any more are skipped, those
-- to a phone that must stay silent are postponed, and the others get the key that makes the
-- provider send each once.

/*
 * Start deliveries. Returns `{busy, jobs}`: those to start again, because somebody else is changing
 * them right now; and all that the worker needs to render and send the others. A delivery is in
 * neither when there is nothing to do: it was sent, it must not be sent any more, or its reader's
 * phone must stay silent; then it comes again later. Commit before calling the provider.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_deliveries(delivery_ids uuid[])
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_started uuid array = engagement.lock_deliveries(delivery_ids);
    v_busy constant uuid array = array(
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.status in ('queued', 'failed')
            and notification_deliveries.id <> all(v_started)
    );
begin
    v_started = engagement.without_untrue(v_started);
    v_started = engagement.without_quiet(v_started);
    perform private.start_effects(v_started, 'send');
    update engagement.notification_deliveries
    set
        attempts = notification_deliveries.attempts + 1,
        reason = null,
        updated_at = clock_timestamp()
    where notification_deliveries.id = any(v_started);
    return jsonb_build_object(
        'busy', to_jsonb(v_busy),
        'jobs', (
            select coalesce(jsonb_agg(jobs), '[]') from engagement.sending_jobs(v_started) as jobs
        )
    );
end;
$$;

/*
 * Lock the deliveries that are still to be sent and return them. One that somebody else has locked
 * is left out: waiting for it while keeping others could deadlock.
 */
create function engagement.lock_deliveries(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.status in ('queued', 'failed')
        for no key update skip locked
    );
end;
$$;

/*
 * Skip the deliveries that must not be sent any more, and return the others. What a delivery tells
 * must still hold, and offers need a consent that was not withdrawn.
 */
create function engagement.without_untrue(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_true constant uuid array = array(
        select holding.id
        from engagement.deliveries_that_hold(delivery_ids) as holding (id)
        inner join engagement.notification_deliveries
            on notification_deliveries.id = holding.id
        inner join engagement.events on events.name = notification_deliveries.event
        where
            not events.is_marketing
            or engagement.unsubscribe_token(
                notification_deliveries.user_id, notification_deliveries.business_id
            ) is not null
    );
begin
    update engagement.notification_deliveries
    set
        status = 'skipped',
        reason = 'no longer so',
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = any(delivery_ids)
        and notification_deliveries.id <> all(v_true);
    return v_true;
end;
$$;

/*
 * Return the deliveries whose rows are in the condition that the event requires, and still start
 * when they did.
 */
create function engagement.deliveries_that_hold(delivery_ids uuid[])
returns setof uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select delivery_ids[holding.ordinal]
    from (
        select
            events.subject,
            array_agg(
                row(
                    asked.ordinal,
                    notification_deliveries.subject_id,
                    events.condition,
                    (notification_deliveries.data ->> 'starts_at')::timestamptz
                )::private.subject_state
            ) as states
        from unnest(delivery_ids) with ordinality as asked (id, ordinal)
        inner join engagement.notification_deliveries on notification_deliveries.id = asked.id
        inner join engagement.events on events.name = notification_deliveries.event
        group by events.subject
    ) as about
    cross join lateral private.subjects_that_hold(about.subject, about.states)
        as holding (ordinal);
end;
$$;

/*
 * Queue texts and pushes for the end of their readers' quiet hours, and return the deliveries that
 * may be sent now.
 */
create function engagement.without_quiet(delivery_ids uuid[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_postponed uuid array;
begin
    with quiet as (
        select notification_deliveries.id, hours.until_at
        from engagement.notification_deliveries
        inner join engagement.events on events.name = notification_deliveries.event
        cross join lateral engagement.quiet_until(notification_deliveries.user_id)
            as hours (until_at)
        where
            notification_deliveries.id = any(delivery_ids)
            and notification_deliveries.channel in ('sms', 'push')
            and not events.is_mandatory
            and hours.until_at is not null
    ),

    postponed as (
        update engagement.notification_deliveries
        set
            due_at = quiet.until_at,
            reason = 'quiet hours',
            updated_at = clock_timestamp()
        from quiet
        where notification_deliveries.id = quiet.id
        returning notification_deliveries.id
    )

    select array_agg(postponed.id) into v_postponed from postponed;
    if v_postponed is null then
        return delivery_ids;
    end if;
    perform engagement.queue_deliveries(v_postponed);
    return array(
        select kept.id from unnest(delivery_ids) as kept (id) where kept.id <> all(v_postponed)
    );
end;
$$;

-- sql/70_notifications/functions/subjects.sql

-- The two subjects of this domain: a business's offer to customers who consented, and the messages
-- about an account. Both are registered in the seed.

/*
 * Return what templates may say about offers of businesses.
 */
create function engagement.offer_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', businesses.id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'title', messages.payload ->> 'title',
            'body', messages.payload ->> 'body'
        )
    from unnest(offer_data.messages) as messages
    inner join business.businesses on businesses.id = messages.subject_id;
end;
$$;

/*
 * Return the customers who consented to the offers of businesses.
 */
create function engagement.offer_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        jsonb_build_object('customer_name', coalesce(profiles.full_name, ''))
    from unnest(offer_readers.messages) as messages
    inner join engagement.marketing_consents
        on marketing_consents.business_id = messages.subject_id
    inner join identity.profiles on profiles.id = marketing_consents.user_id
    where audience = 'customer' and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Return what templates may say about accounts. The messages bring all of it but the minutes for
 * which a code or link is valid.
 */
create function engagement.account_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        messages.payload || jsonb_build_object(
            'minutes', (messages.payload ->> 'expires_in')::integer / 60
        )
    from unnest(account_data.messages) as messages;
end;
$$;

-- sql/70_notifications/functions/templates.sql

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

-- sql/70_notifications/rules.sql

-- A template uses only variables that exist, whoever writes it. Deleting a row that people were
-- told of deletes what they were told.

/*
 * Refuse a template unless every {{name}} is a variable of its event's subject, and it has no other
 * braces. A wrong name is found when the template is saved, not when a mail is due.
 * Definer: the check reads every variable, whoever writes the template.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.notification_templates__refuse_unknown_variables()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_text constant text = new.title || e'\n' || new.body;
    v_unknown text;
begin
    select found.words[1] into v_unknown
    from regexp_matches(v_text, '\{\{\s*([^{}]*?)\s*\}\}', 'g') as found (words)
    where
        not exists (
            select 1
            from engagement.events
            inner join engagement.variables on variables.subject = events.subject
            where events.name = new.event and variables.name = found.words[1]
        )
    limit 1;
    if found then
        perform private.invalid(
            'body', format('must not use {{%s}}: %s has no such variable', v_unknown, new.event)
        );
    end if;
    if regexp_replace(v_text, '\{\{\s*[a-z_]+\s*\}\}', '', 'g') ~ '\{\{|\}\}|\{%' then
        perform private.invalid('body', 'may contain braces only as {{variable}}');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unknown_variables
before insert or update on engagement.notification_templates
for each row execute function engagement.notification_templates__refuse_unknown_variables();

create trigger _900_touch
before update on engagement.notification_templates
for each row execute function private.any__touch();

/*
 * Delete the deliveries, notifications and reminders of a row that is deleted.
 * Definer: whoever deletes the row has no rights on notifications.
 */
create function engagement.deleted_subjects__forget_notifications()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    -- Deliveries first: this waits for a worker that is about to show one in the app.
    delete from engagement.notification_deliveries
    where
        notification_deliveries.subject = new.subject
        and notification_deliveries.subject_id = new.subject_id;
    delete from engagement.notifications
    where notifications.subject = new.subject and notifications.subject_id = new.subject_id;
    delete from engagement.reminders
    where reminders.subject = new.subject and reminders.subject_id = new.subject_id;
    return new;
end;
$$;

create trigger _100_forget_notifications
before insert on private.deleted_subjects
for each row execute function engagement.deleted_subjects__forget_notifications();

/*
 * Let an answer about offers decide whether an account gets them. An account gets offers only by
 * its own word; a member can only end them.
 * Definer: nobody has a write grant on marketing_consents.
 */
create function engagement.consents__follow()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.is_given and new.source <> 'app' then
        return null;
    end if;
    insert into engagement.marketing_consents (user_id, business_id, given_at, withdrawn_at)
    values (new.user_id, new.business_id, new.at, case when not new.is_given then new.at end)
    on conflict on constraint marketing_consents_pkey do update
        set
            given_at = case
                when new.is_given and marketing_consents.withdrawn_at is not null then new.at
                else marketing_consents.given_at
            end,
            withdrawn_at = case
                when not new.is_given then coalesce(marketing_consents.withdrawn_at, new.at)
            end;
    return null;
end;
$$;

create trigger _500_follow
after insert on crm.consents
for each row
when (new.purpose = 'marketing' and new.user_id is not null)
execute function engagement.consents__follow();

-- sql/70_notifications/policies.sql

-- Users read their own notifications, preferences, devices and consents. Members of a business read
-- its templates and the status of its deliveries, without addresses and texts. Nobody has a write
-- grant: functions write, and check their caller.

alter table identity.notification_preferences enable row level security;
alter table identity.quiet_hours enable row level security;
alter table identity.devices enable row level security;
alter table engagement.variables enable row level security;
alter table engagement.events enable row level security;
alter table engagement.notices enable row level security;
alter table engagement.reminder_kinds enable row level security;
alter table engagement.reminders enable row level security;
alter table engagement.notification_templates enable row level security;
alter table engagement.notification_deliveries enable row level security;
alter table engagement.notifications enable row level security;
alter table engagement.marketing_consents enable row level security;
-- Without a policy: the audit trail shows a business what it sent.
alter table engagement.marketing_offers enable row level security;

grant usage on schema engagement to authenticated, service_role, anon, worker, edge, analyst;

grant select on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.notifications,
engagement.notification_templates
to authenticated;
grant select (user_id, business_id, given_at, withdrawn_at)
on table engagement.marketing_consents to authenticated;
grant select (
    id, event, audience, channel, business_id, subject, subject_id, user_id, status, reason,
    attempts, provider, due_at, created_at, sent_at, updated_at
) on table engagement.notification_deliveries to authenticated;
grant select on table
engagement.variables,
engagement.events,
engagement.notices
to anon, authenticated;
grant select, insert, update, delete on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.variables,
engagement.events,
engagement.notices,
engagement.reminder_kinds,
engagement.reminders,
engagement.notification_templates,
engagement.notification_deliveries,
engagement.notifications,
engagement.marketing_consents,
engagement.marketing_offers
to service_role;

create policy notification_preferences_select
on identity.notification_preferences
for select
to authenticated
using (user_id = (select auth.uid()));

create policy quiet_hours_select
on identity.quiet_hours
for select
to authenticated
using (user_id = (select auth.uid()));

create policy devices_select
on identity.devices
for select
to authenticated
using (user_id = (select auth.uid()));

create policy variables_select
on engagement.variables
for select
to anon, authenticated
using (true);

create policy events_select
on engagement.events
for select
to anon, authenticated
using (true);

create policy notices_select
on engagement.notices
for select
to anon, authenticated
using (true);

create policy notification_templates_select
on engagement.notification_templates
for select
to authenticated
using (business_id is null or business_id = any(array(select private.my_businesses('view'))));

create policy notification_deliveries_select
on engagement.notification_deliveries
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy notifications_select
on engagement.notifications
for select
to authenticated
using (user_id = (select auth.uid()));

create policy marketing_consents_select
on engagement.marketing_consents
for select
to authenticated
using (user_id = (select auth.uid()));

-- reminders and reminder_kinds have no policy: only functions read them.

-- Analysts count deliveries. The grant leaves out the recipient, the address and the data.
grant select (event, channel, status, business_id, attempts, created_at, sent_at)
on table engagement.notification_deliveries to analyst;

create policy notification_deliveries_select_analyst
on engagement.notification_deliveries
for select
to analyst
using (true);

-- What the workers and the edge call.
grant execute on function
engagement.plan(jsonb),
engagement.show_in_app(jsonb),
engagement.start_deliveries(uuid[]),
engagement.finish_deliveries(jsonb),
engagement.fail_delivery(uuid, text, text, boolean),
engagement.start_account_message(uuid, identity.notification_channel, jsonb)
to worker;
grant execute on function
engagement.record_report(text, text, engagement.delivery_status, text),
engagement.unsubscribe(uuid)
to edge;

-- What public functions call. Each checks its caller; none is reachable over HTTP by itself.
grant execute on function
engagement.to_channel(text),
engagement.to_audience(text),
engagement.set_preference(text, identity.notification_channel, boolean),
engagement.set_quiet_hours(time, time),
engagement.register_device(text, text),
engagement.forget_device(text),
engagement.mark_read(uuid[]),
engagement.unsubscribe(uuid),
engagement.send_offer(uuid, text, text),
engagement.save_template(
    uuid, text, engagement.audience, identity.notification_channel, text, text, text
),
engagement.remove_template(uuid)
to anon, authenticated, service_role;

-- sql/70_notifications/api/notifications.sql

-- What users and businesses read: notifications in the app, the status of deliveries, templates,
-- and the events, notices and variables that exist.

create view public.notifications
with (security_invoker = true)
as
select
    notifications.id,
    notifications.user_id,
    notifications.business_id,
    case when notifications.subject = 'booking' then notifications.subject_id end as booking_id,
    notifications.event,
    notifications.title,
    notifications.body,
    notifications.created_at,
    notifications.read_at,
    notifications.subject,
    notifications.subject_id
from engagement.notifications;
grant select on public.notifications to authenticated;
grant select, insert, update, delete on public.notifications to service_role;

comment on view public.notifications is
'The caller''s notifications in the app, the newest last.

mark_notifications_read marks them as read.';
comment on column public.notifications.id is 'Primary key.';
comment on column public.notifications.user_id is 'The caller.';
comment on column public.notifications.business_id is 'The business that it is about.';
comment on column public.notifications.booking_id is 'The booking that it is about, or null.';
comment on column public.notifications.event is 'The event, a name of notification_events.';
comment on column public.notifications.title is 'One line, in the reader''s language.';
comment on column public.notifications.body is 'The text.';
comment on column public.notifications.created_at is 'When it arrived.';
comment on column public.notifications.read_at is 'When it was read, or null.';
comment on column public.notifications.subject is
'What it is about: booking, waitlist or offer. Null: nothing in particular.';
comment on column public.notifications.subject_id is
'The booking, the waitlist entry, or the business of the offer.';

create view public.notification_deliveries
with (security_invoker = true)
as
select
    notification_deliveries.id,
    notification_deliveries.event,
    notification_deliveries.audience,
    notification_deliveries.channel,
    notification_deliveries.business_id,
    case
        when notification_deliveries.subject = 'booking' then notification_deliveries.subject_id
    end as booking_id,
    notification_deliveries.user_id,
    notification_deliveries.status,
    notification_deliveries.reason,
    notification_deliveries.attempts,
    notification_deliveries.provider,
    notification_deliveries.due_at,
    notification_deliveries.created_at,
    notification_deliveries.sent_at,
    notification_deliveries.updated_at,
    notification_deliveries.subject,
    notification_deliveries.subject_id
from engagement.notification_deliveries;
grant select on public.notification_deliveries to authenticated;
grant select, insert, update, delete on public.notification_deliveries to service_role;

comment on view public.notification_deliveries is
'The deliveries of messages and their status, without address and text.

Users see their own, members those of their business.';
comment on column public.notification_deliveries.id is 'Primary key.';
comment on column public.notification_deliveries.event is
'The event, a name of notification_events.';
comment on column public.notification_deliveries.audience is
'The recipient''s part: customer, business, staff or platform.';
comment on column public.notification_deliveries.channel is 'mail, sms, push or in_app.';
comment on column public.notification_deliveries.business_id is 'The business that it is about.';
comment on column public.notification_deliveries.booking_id is
'The booking that it is about, or null.';
comment on column public.notification_deliveries.user_id is 'The recipient, or null for a guest.';
comment on column public.notification_deliveries.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column public.notification_deliveries.reason is
'Why it was skipped, failed or waits, or null.';
comment on column public.notification_deliveries.attempts is 'Number of attempts to send it.';
comment on column public.notification_deliveries.provider is 'The provider that sent it, or null.';
comment on column public.notification_deliveries.due_at is
'The earliest time to send it; null for at once.';
comment on column public.notification_deliveries.created_at is 'When it was queued.';
comment on column public.notification_deliveries.sent_at is
'When the provider accepted it, or null.';
comment on column public.notification_deliveries.updated_at is 'When it last changed.';
comment on column public.notification_deliveries.subject is
'What it is about: booking, waitlist or offer.';
comment on column public.notification_deliveries.subject_id is
'The booking, the waitlist entry, or the business of the offer.';

create view public.notification_templates
with (security_invoker = true)
as
select
    notification_templates.id,
    notification_templates.business_id,
    notification_templates.event,
    notification_templates.audience,
    notification_templates.channel,
    notification_templates.locale,
    notification_templates.title,
    notification_templates.body,
    notification_templates.created_at,
    notification_templates.updated_at
from engagement.notification_templates;
grant select on public.notification_templates to authenticated;
grant select, insert, update, delete on public.notification_templates to service_role;

comment on view public.notification_templates is
'The texts of notifications: the platform''s, and those of the caller''s businesses.

save_notification_template saves a business''s own.';
comment on column public.notification_templates.id is 'Primary key.';
comment on column public.notification_templates.business_id is
'The business; null for the platform.';
comment on column public.notification_templates.event is
'The event, a name of notification_events.';
comment on column public.notification_templates.audience is
'customer, business, staff or platform.';
comment on column public.notification_templates.channel is
'mail, sms, push or in_app; null for all channels without a template of their own.';
comment on column public.notification_templates.locale is
'Language tag, such as en or de-AT. Readers of other languages get English.';
comment on column public.notification_templates.title is
'Subject of a mail or title of a push message. {{variable}} is replaced.';
comment on column public.notification_templates.body is
'The text. {{variable}} is replaced; a line whose variables are all empty is left out.';
comment on column public.notification_templates.created_at is 'When it was created.';
comment on column public.notification_templates.updated_at is 'When it last changed.';

create view public.notification_events
with (security_invoker = true)
as
select
    events.name,
    events.subject,
    events.description,
    events.is_mandatory,
    events.is_marketing
from engagement.events;
grant select on public.notification_events to anon, authenticated;
grant select, insert, update, delete on public.notification_events to service_role;

comment on view public.notification_events is 'Events that send notifications.';
comment on column public.notification_events.name is 'The event, such as booking.confirmed.';
comment on column public.notification_events.subject is
'The subject; notification_variables lists its variables.';
comment on column public.notification_events.description is 'When it happens.';
comment on column public.notification_events.is_mandatory is
'Whether it is always delivered, whatever the reader''s preferences are.';
comment on column public.notification_events.is_marketing is
'Whether it is delivered only with consent.';

create view public.notification_notices
with (security_invoker = true)
as
select
    notices.event,
    notices.audience,
    notices.channels
from engagement.notices;
grant select on public.notification_notices to anon, authenticated;
grant select, insert, update, delete on public.notification_notices to service_role;

comment on view public.notification_notices is 'The recipients of each event, and the channels.';
comment on column public.notification_notices.event is 'The event.';
comment on column public.notification_notices.audience is
'customer, business (owners and managers) or staff (those who provide the service).';
comment on column public.notification_notices.channels is 'The channels: mail, sms, push, in_app.';

create view public.notification_variables
with (security_invoker = true)
as
select
    variables.subject,
    variables.name,
    variables.type,
    variables.description
from engagement.variables;
grant select on public.notification_variables to anon, authenticated;
grant select, insert, update, delete on public.notification_variables to service_role;

comment on view public.notification_variables is
'The variables that templates may use, by subject of the event.';
comment on column public.notification_variables.subject is 'The subject of notification_events.';
comment on column public.notification_variables.name is 'The name, as in {{name}}.';
comment on column public.notification_variables.type is
'text, instant, money or whole_number; it decides the format.';
comment on column public.notification_variables.description is 'What it contains.';

-- sql/70_notifications/api/preferences.sql

-- What users want to hear, where they are reached, and whose offers they accept.

create view public.notification_preferences
with (security_invoker = true)
as
select
    notification_preferences.user_id,
    notification_preferences.event,
    notification_preferences.channel,
    notification_preferences.is_enabled
from identity.notification_preferences;
grant select on public.notification_preferences to authenticated;
grant select, insert, update, delete on public.notification_preferences to service_role;

comment on view public.notification_preferences is
'The events and channels that the caller switched on or off.

Without a row an event is on. Changed by set_notification_preference.';
comment on column public.notification_preferences.user_id is 'The caller.';
comment on column public.notification_preferences.event is
'A name of notification_events, or * for all events without a row of their own.';
comment on column public.notification_preferences.channel is 'mail, sms, push or in_app.';
comment on column public.notification_preferences.is_enabled is
'Whether the caller wants the event on this channel.';

create view public.quiet_hours
with (security_invoker = true)
as
select
    quiet_hours.user_id,
    quiet_hours.starts_at,
    quiet_hours.ends_at
from identity.quiet_hours;
grant select on public.quiet_hours to authenticated;
grant select, insert, update, delete on public.quiet_hours to service_role;

comment on view public.quiet_hours is
'The hours without SMS and push messages, in the zone of the caller''s profile.

Changed by set_quiet_hours.';
comment on column public.quiet_hours.user_id is 'The caller.';
comment on column public.quiet_hours.starts_at is 'Local time.';
comment on column public.quiet_hours.ends_at is
'Local time; if it is before starts_at, on the next day.';

create view public.devices
with (security_invoker = true)
as
select
    devices.id,
    devices.user_id,
    devices.platform,
    devices.is_active,
    devices.disabled_reason,
    devices.created_at,
    devices.last_seen_at
from identity.devices;
grant select on public.devices to authenticated;
grant select, insert, update, delete on public.devices to service_role;

comment on view public.devices is
'The caller''s phones and browsers that receive push messages.

Changed by register_device and forget_device.';
comment on column public.devices.id is 'Primary key.';
comment on column public.devices.user_id is 'The caller.';
comment on column public.devices.platform is 'android, ios or web.';
comment on column public.devices.is_active is
'False after the push service reported the device as gone.';
comment on column public.devices.disabled_reason is 'Why it is not active, or null.';
comment on column public.devices.created_at is 'When it was first registered.';
comment on column public.devices.last_seen_at is 'When it was last registered.';

create view public.marketing_consents
with (security_invoker = true)
as
select
    marketing_consents.user_id,
    marketing_consents.business_id,
    marketing_consents.given_at,
    marketing_consents.withdrawn_at
from engagement.marketing_consents;
grant select on public.marketing_consents to authenticated;
grant select, insert, update, delete on public.marketing_consents to service_role;

comment on view public.marketing_consents is
'The businesses whose offers the caller wants.

Changed by set_consent with the purpose marketing, and by unsubscribe. consents has every answer '
'with its source.';
comment on column public.marketing_consents.user_id is 'The caller.';
comment on column public.marketing_consents.business_id is 'The business.';
comment on column public.marketing_consents.given_at is 'When consent was last given.';
comment on column public.marketing_consents.withdrawn_at is 'When it was withdrawn, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_notification_preference(
    event text, channel text, is_enabled public.yes_no
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_preference(
        private.to_required_text(event, 'event', 100),
        engagement.to_channel(channel),
        coalesce(private.to_yes_no(is_enabled, 'is_enabled'), true)
    );
end;
$$;
comment on function public.set_notification_preference is
'Switch an event on or off for the caller on a channel.

event * stands for all events without a row of their own. Mandatory events are always delivered.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.set_quiet_hours(from_time text default null, to_time text default null)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_quiet_hours(
        private.to_clock(from_time, 'from_time'), private.to_clock(to_time, 'to_time')
    );
end;
$$;
comment on function public.set_quiet_hours is
'Delay SMS and push messages during these hours, such as 22:00 to 07:00 in the zone of the '
'caller''s profile.

Without arguments the quiet hours end. Mandatory events are always delivered at once.

Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.register_device(
        private.to_required_text(token, 'token', 4096),
        private.to_required_text(platform, 'platform', 20)
    );
end;
$$;
comment on function public.register_device is
'Send the caller''s push messages to this device too.

A device belongs to the user who registered it last. Returns the device''s id.

- platform: android, ios or web.

Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.forget_device(token text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.forget_device(private.to_required_text(token, 'token', 4096));
end;
$$;
comment on function public.forget_device is
'Stop push messages to this device of the caller.

Devices of other users stay as they are.

Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.mark_notifications_read(notification_ids public.list default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.mark_read(private.to_identifiers(notification_ids, 'notification_ids'));
end;
$$;
comment on function public.mark_notifications_read is
'Mark the caller''s notifications as read: those in notification_ids, or all.

Returns the number that were unread.

Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.unsubscribe(token public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.unsubscribe(private.to_identifier(token, 'token'));
end;
$$;
comment on function public.unsubscribe is
'Withdraw a consent with the token of a mail, without signing in.

An unknown token gets the same answer.

Errors: invalid_input 400.';

grant execute on function
public.set_notification_preference(text, text, public.yes_no),
public.set_quiet_hours(text, text),
public.register_device(text, text),
public.forget_device(text),
public.mark_notifications_read(public.list),
public.unsubscribe(public.identifier)
to anon, authenticated, service_role;

-- sql/70_notifications/api/templates.sql

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

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
