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
