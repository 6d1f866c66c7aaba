-- The initial schema of 62_crm: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/62_crm/tables/crm.sql

-- What a business and its customers keep of each other beside what was sold: notes, tags, who is
-- blocked, who turned out to be the same person, what was written to each other, and favorites.
-- Customers themselves stand in 22_customers.

create schema crm;
comment on schema crm is 'What businesses and their customers keep of each other.';

create type crm.note_kind as enum ('allergy', 'preference', 'restriction', 'general');

-- Notes of a kind in a business, which a role may read or write.
create type crm.note_scope as (
    business_id uuid,
    kind crm.note_kind
);

create table crm.customer_notes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    kind crm.note_kind not null default 'general',
    body text not null,
    author_id uuid default auth.uid() references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint customer_notes_business_id_id_unique unique (business_id, id),
    constraint customer_notes_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_notes_body_is_short check (
        length(btrim(body)) between 1 and 5000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 5000 printable characters')
    )
);
comment on table crm.customer_notes is
'What a business writes down about a customer. Customers never see it.';
comment on column crm.customer_notes.customer_id is '[person: delete]';
comment on column crm.customer_notes.body is '[personal]';
create index customer_notes_customer_idx on crm.customer_notes (business_id, customer_id, kind);
create index customer_notes_author_id_idx on crm.customer_notes (author_id);

-- Which permission reads and writes notes of a kind: serve (owner, manager, staff), manage (owner,
-- manager) or own (owner). Without a row both are serve.
create table crm.note_permissions (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind crm.note_kind not null,
    read_permission text not null default 'serve',
    write_permission text not null default 'serve',

    primary key (business_id, kind),
    constraint note_permissions_read_permission_exists check (
        read_permission in ('serve', 'manage', 'own')
        or private.invalid('read_permission', 'must be serve, manage or own')
    ),
    constraint note_permissions_write_permission_exists check (
        write_permission in ('serve', 'manage', 'own')
        or private.invalid('write_permission', 'must be serve, manage or own')
    )
);
comment on table crm.note_permissions is 'Who reads and writes notes of which kind in a business.';

create table crm.customer_tags (
    business_id uuid not null,
    customer_id uuid not null,
    tag text not null,
    created_at timestamptz not null default now(),

    primary key (business_id, customer_id, tag),
    constraint customer_tags_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_tags_tag_is_short check (
        length(btrim(tag)) between 1 and 50 and private.is_one_line(tag)
        or private.invalid('tag', 'must have 1 to 50 printable characters')
    )
);
comment on table crm.customer_tags is 'Words by which a business finds its customers.';
comment on column crm.customer_tags.customer_id is '[person: delete]';
comment on column crm.customer_tags.tag is '[personal]';
create index customer_tags_tag_idx on crm.customer_tags (business_id, tag);

-- Everything by which a customer is known: their own row and those merged into it.
create type crm.identity as (
    business_id uuid,
    customer_ids uuid array,
    user_ids uuid array,
    -- In lower case.
    emails text array,
    phones text array
);

-- Something that happened with a customer.
create type public.customer_event as (
    at timestamptz,
    kind text,
    id uuid,
    status text,
    body text,
    amount_minor bigint,
    currency text
);
comment on type public.customer_event is
'Something that happened with a customer, as customer_timeline lists it. kind is booking, order, '
'payment, membership, credit, review, note or message; id is its row in the view of that kind '
'(of a payment the row of payments). May be null: status, body, amount_minor, currency.';

-- The row of public.customer_figures.
create type public.customer_figures as (
    customer_id uuid,
    business_id uuid,
    booking_count bigint,
    completed_count bigint,
    cancelled_count bigint,
    no_show_count bigint,
    last_visit_at timestamptz,
    next_visit_at timestamptz,
    order_count bigint,
    currency text,
    spent_minor bigint
);
comment on type public.customer_figures is
'How often a customer came, and what they spent in the currency of the business: paid less '
'refunded, in minor units. May be null: last_visit_at, next_visit_at.';

-- sql/62_crm/tables/customer_blocks.sql

-- Whom a business takes no bookings from.

create table crm.customer_blocks (
    business_id uuid not null,
    customer_id uuid not null,
    reason text,
    blocked_by uuid references auth.users (id) on delete set null,
    blocked_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint customer_blocks_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_blocks_reason_is_short check (
        reason is null or length(reason) between 1 and 500
    )
);
comment on table crm.customer_blocks is 'Whom a business takes no bookings from.';
comment on column crm.customer_blocks.customer_id is '[person]';
comment on column crm.customer_blocks.reason is '[personal]';
create index customer_blocks_blocked_by_idx on crm.customer_blocks (blocked_by);

-- sql/62_crm/tables/customer_consents.sql

-- Consents: what a person agreed to with a business, purpose by purpose. Each answer is kept with
-- its source, its time and the text that was answered; the latest one holds.

create type crm.consent_source as enum (
    -- The person, signed in, or by the link of a mail.
    'app', 'link',
    -- What a member wrote down.
    'paper', 'in_person', 'phone', 'mail'
);

create table crm.consent_purposes (
    business_id uuid not null references business.businesses (id) on delete cascade,
    key text not null,
    -- What somebody agrees to, in the words that they read.
    wording text not null,
    created_at timestamptz not null default now(),

    primary key (business_id, key),
    constraint consent_purposes_key_is_a_word check (
        key ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('key', 'must be a lower-case word of at most 40 characters')
    ),
    constraint consent_purposes_wording_is_short check (
        length(btrim(wording)) between 1 and 2000 and not private.has_control_characters(wording)
        or private.invalid('wording', 'must have 1 to 2000 printable characters')
    )
);
comment on table crm.consent_purposes is
'For what a business asks for consent, beside its offers, such as photos.';

create table crm.consents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Who answered: an account, or a customer without one.
    user_id uuid references auth.users (id) on delete cascade,
    customer_id uuid,
    -- `marketing` is for offers; others are rows of consent_purposes.
    purpose text not null,
    is_given boolean not null,
    source crm.consent_source not null,
    -- The text of the purpose at that time; null for offers.
    wording text,
    -- The member who wrote it down.
    noted_by uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    constraint consents_business_id_id_unique unique (business_id, id),
    constraint consents_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint consents_are_of_one_person check (num_nonnulls(user_id, customer_id) = 1),
    constraint consents_are_noted_by_members check (
        source not in ('app', 'link') or noted_by is null
    )
);
comment on table crm.consents is
'What people agreed to and took back, when, how and in which words. Only ever added to.';
comment on column crm.consents.user_id is '[person]';
comment on column crm.consents.customer_id is '[person]';
-- The latest answer of a person to a purpose.
create index consents_user_idx on crm.consents (user_id, business_id, purpose, at);
create index consents_customer_idx on crm.consents (business_id, customer_id, purpose, at);
create index consents_noted_by_idx on crm.consents (noted_by);

-- sql/62_crm/tables/favorites.sql

-- Favorites: businesses that a user wants to find again. They are the user's alone; not even the
-- business sees who they are.

create table crm.favorites (
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    created_at timestamptz not null default now(),

    constraint favorites_once primary key (user_id, business_id)
);
comment on table crm.favorites is 'Businesses that a user wants to find again.';
comment on column crm.favorites.user_id is '[person: delete]';
create index favorites_business_id_idx on crm.favorites (business_id);

-- sql/62_crm/tables/merges.sql

-- Which customers turned out to be the same person. What the second one had is moved to the first,
-- row by row, and each change is written down, so that a merger can be undone. The row of the
-- second stays, and points at the first: by its account and its addresses the person is still
-- known.

-- What a merger does with the rows of a table that refers to customers.
create type crm.merge_action as enum ('move', 'keep');

create table crm.merge_rules (
    -- The table, with its schema.
    relation text not null,
    column_name text not null,
    action crm.merge_action not null,
    -- Why the rows stay with whom they are about.
    reason text,

    primary key (relation, column_name),
    constraint merge_rules_keep_for_a_reason check ((action = 'keep') = (reason is not null)),
    constraint merge_rules_column_name_is_one_line check (private.is_one_line(column_name)),
    constraint merge_rules_are_of_tables check (to_regclass(relation) is not null)
);
comment on table crm.merge_rules is
'What merging two customers does with each table that refers to customers.';

create table crm.mergers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    -- Who stays, and who was merged into them.
    customer_id uuid not null,
    duplicate_id uuid not null,
    merged_by uuid references auth.users (id) on delete set null,
    merged_at timestamptz not null,
    undone_by uuid references auth.users (id) on delete set null,
    undone_at timestamptz,

    constraint mergers_business_id_id_unique unique (business_id, id),
    constraint mergers_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint mergers_duplicate_fkey foreign key (business_id, duplicate_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint mergers_are_of_two check (customer_id <> duplicate_id)
);
comment on table crm.mergers is 'Which customers were merged, by whom, and whether it was undone.';
comment on column crm.mergers.customer_id is '[person: delete]';
comment on column crm.mergers.duplicate_id is '[person: delete]';
-- Somebody is merged into one other at a time.
create unique index mergers_one_at_a_time_idx on crm.mergers (business_id, duplicate_id)
where undone_at is null;
create index mergers_customer_idx on crm.mergers (business_id, customer_id);
create index mergers_duplicate_idx on crm.mergers (business_id, duplicate_id);
create index mergers_merged_by_idx on crm.mergers (merged_by);
create index mergers_undone_by_idx on crm.mergers (undone_by);

create table crm.merge_changes (
    business_id uuid not null,
    merge_id uuid not null,
    number integer not null,
    relation text not null,
    -- The key of the row after the merger, and the columns that changed: as before, and after it.
    key jsonb not null,
    before jsonb not null,
    after jsonb not null,

    primary key (business_id, merge_id, number),
    constraint merge_changes_merge_fkey foreign key (business_id, merge_id)
    references crm.mergers (business_id, id) on delete cascade
);
comment on table crm.merge_changes is 'Each row that a merger changed, as it was before.';
comment on column crm.merge_changes.merge_id is '[person: delete]';
comment on column crm.merge_changes.key is '[personal]';
comment on column crm.merge_changes.before is '[personal]';
comment on column crm.merge_changes.after is '[personal]';

-- sql/62_crm/tables/messages.sql

-- What a business and a customer write to each other: one conversation for each booking or order,
-- and one about nothing of these. Messages are only ever added.

create type crm.side as enum ('customer', 'business');

create table crm.conversations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    -- What it is about; both null: nothing in particular.
    booking_id uuid,
    order_id uuid,
    created_at timestamptz not null,
    last_message_at timestamptz not null,

    constraint conversations_business_id_id_unique unique (business_id, id),
    constraint conversations_one_for_each_matter unique nulls not distinct (
        business_id, customer_id, booking_id, order_id
    ),
    constraint conversations_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint conversations_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint conversations_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint conversations_are_about_one check (num_nonnulls(booking_id, order_id) <= 1)
);
comment on table crm.conversations is 'Conversations of a business with its customers.';
comment on column crm.conversations.customer_id is '[person]';
create index conversations_customer_idx on crm.conversations (business_id, customer_id);
create index conversations_booking_idx on crm.conversations (business_id, booking_id)
where booking_id is not null;
create index conversations_order_idx on crm.conversations (business_id, order_id)
where order_id is not null;
-- The conversations of a business, the latest first.
create index conversations_last_message_at_idx
on crm.conversations (business_id, last_message_at, id);

create table crm.messages (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    conversation_id uuid not null,
    sender crm.side not null,
    author_id uuid references auth.users (id) on delete set null,
    body text not null,
    sent_at timestamptz not null,

    constraint messages_business_id_id_unique unique (business_id, id),
    constraint messages_conversation_fkey foreign key (business_id, conversation_id)
    references crm.conversations (business_id, id) on delete cascade
);
comment on table crm.messages is 'What was written in conversations. Only ever added to.';
comment on column crm.messages.conversation_id is '[person]';
comment on column crm.messages.body is '[personal]';
-- A conversation, page by page.
create index messages_conversation_idx
on crm.messages (business_id, conversation_id, sent_at, id);
create index messages_author_id_idx on crm.messages (author_id);

create table crm.message_reads (
    business_id uuid not null,
    conversation_id uuid not null,
    user_id uuid not null references auth.users (id) on delete cascade,
    read_at timestamptz not null,

    primary key (business_id, conversation_id, user_id),
    constraint message_reads_conversation_fkey foreign key (business_id, conversation_id)
    references crm.conversations (business_id, id) on delete cascade
);
comment on table crm.message_reads is 'Until when somebody has read a conversation.';
comment on column crm.message_reads.user_id is '[person: delete]';
create index message_reads_user_id_idx on crm.message_reads (user_id);

create table crm.message_attachments (
    media_id uuid primary key,
    message_id uuid not null references crm.messages (id) on delete cascade,
    attached_at timestamptz not null,

    constraint message_attachments_medium_fkey foreign key (media_id)
    references files.media (id) on delete cascade
);
comment on table crm.message_attachments is 'Files that were sent with messages.';
comment on column crm.message_attachments.message_id is '[person: delete]';
create index message_attachments_message_id_idx on crm.message_attachments (message_id);

-- sql/62_crm/functions/attachments.sql

-- Files of messages. They belong to whoever writes: the business, or the customer's account. Both
-- sides of the conversation read a file once a worker has looked into it.

/*
 * Return the place of the files of a message: the side of its author, who may add some for an hour.
 * Definer: a message of somebody else and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.place_of_message(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = private.token_user_id();
    v_message crm.messages;
    v_place files.place;
begin
    select messages.* into v_message
    from crm.messages
    where
        messages.id = subject_id
        and messages.author_id = v_user_id
        and messages.sent_at > private.now() - interval '1 hour';
    if v_message.id is null
        or crm.require_side(v_message.conversation_id) <> v_message.sender then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such message of yours from the last hour.',
            'Check the id of the subject, or send another message.'
        );
    end if;
    if v_message.sender = 'business' then
        v_place.business_id = v_message.business_id;
    else
        v_place.owner_id = v_user_id;
    end if;
    return v_place;
end;
$$;

/*
 * Link a file to its message.
 */
create function crm.attach_file(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into crm.message_attachments (media_id, message_id, attached_at)
    values (medium.id, medium.subject_id, private.now());
end;
$$;

/*
 * Was a file looked into, and found fit?
 * Definer: the policy of media asks the one of attachments, which cannot ask it back.
 */
create function crm.is_fit(media_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from files.media
        where
            media.id = is_fit.media_id
            and media.state = 'ready'
            and media.released_at is null
    );
end;
$$;

-- sql/62_crm/functions/blocks.sql

-- Whom a business takes no bookings from, whichever account or address they come with.

/*
 * Block a customer, who waits for nothing any more. Blocking again changes the reason.
 * Definer: clients do not write blocks; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.block_customer(customer_id uuid, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(block_customer.customer_id, 'manage');
begin
    insert into crm.customer_blocks (business_id, customer_id, reason, blocked_by, blocked_at)
    values (
        v_customer.business_id, v_customer.id, block_customer.reason, auth.uid(), private.now()
    )
    on conflict on constraint customer_blocks_pkey do update set reason = excluded.reason;
    perform crm.end_waiting(crm.identity_of(
        v_customer.business_id, coalesce(v_customer.merged_into_id, v_customer.id)
    ));
    return v_customer.id;
end;
$$;

/*
 * Take a customer off the waitlists of a business, with the times that are offered to them.
 */
create function crm.end_waiting(who crm.identity)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry_id uuid;
begin
    for v_entry_id in
        update scheduling.waitlist_entries
        set status = 'left'
        where
            waitlist_entries.business_id = who.business_id
            and waitlist_entries.customer_id = any(who.user_ids)
            and waitlist_entries.status = 'waiting'
        returning waitlist_entries.id
    loop
        perform scheduling.drop_turns(who.business_id, v_entry_id, null);
    end loop;
end;
$$;

/*
 * End the block of a customer, if there is one.
 * Definer: as crm.block_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.unblock_customer(customer_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(unblock_customer.customer_id, 'manage');
begin
    delete from crm.customer_blocks
    where
        customer_blocks.business_id = v_customer.business_id
        and customer_blocks.customer_id
        in (v_customer.id, coalesce(v_customer.merged_into_id, v_customer.id));
    return v_customer.id;
end;
$$;

/*
 * Is somebody blocked by a business: by their account, their e-mail address or their phone number?
 */
create function crm.is_blocked(business_id uuid, user_id uuid, email text, phone text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from crm.customer_blocks
        where customer_blocks.business_id = is_blocked.business_id
    )
    and exists (
        select 1
        from customers.customers
        inner join crm.customer_blocks
            on
                customer_blocks.business_id = customers.business_id
                and customer_blocks.customer_id
                = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = is_blocked.business_id
            and (
                customers.user_id = is_blocked.user_id
                or lower(customers.email) = lower(is_blocked.email)
                or customers.phone = is_blocked.phone
            )
    );
end;
$$;

/*
 * Refuse somebody whom a business blocked.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.refuse_blocked(business_id uuid, user_id uuid, email text, phone text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if crm.is_blocked(
        refuse_blocked.business_id, refuse_blocked.user_id, refuse_blocked.email,
        refuse_blocked.phone
    ) then
        perform private.refuse(
            'PT403', 'customer_blocked', 'This business takes no bookings from you online.',
            'Ask the business.'
        );
    end if;
end;
$$;

-- sql/62_crm/functions/changing_rows.sql

-- How a merger changes rows of any table, writes down what it changed, and changes it back. A row
-- that cannot move, because the other customer has one like it, stays where it is.

/*
 * Return the columns of the primary key of a table.
 */
create function crm.key_columns(relation regclass)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select pg_attribute.attname::text
        from pg_catalog.pg_index
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_index.indrelid
                and pg_attribute.attnum = any(pg_index.indkey)
        where pg_index.indrelid = key_columns.relation and pg_index.indisprimary
        order by pg_attribute.attnum
    );
end;
$$;

/*
 * Return the part of a row that some columns are.
 */
create function crm.only(whole jsonb, columns text[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_object_agg(field.key, field.value), '{}')
        from jsonb_each(whole) as field
        where field.key = any(columns)
    );
end;
$$;

/*
 * Set columns of the row with a key, unless they are not as expected any more. Returns whether it
 * did: a row that would be like another one, or about nobody else, stays as it is.
 */
create function crm.change_row(relation regclass, key jsonb, expected jsonb, wanted jsonb)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    execute format(
        'update %1$s as row set %2$s from jsonb_populate_record(null::%1$s, $1) as key, '
        || 'jsonb_populate_record(null::%1$s, $2) as wanted where %3$s and to_jsonb(row) @> $3',
        relation,
        (
            select string_agg(format('%1$I = wanted.%1$I', field), ', ')
            from jsonb_object_keys(wanted) as field
        ),
        (
            select string_agg(format('row.%1$I = key.%1$I', field), ' and ')
            from jsonb_object_keys(key) as field
        )
    )
    using key, wanted, expected;
    get diagnostics v_count = row_count;
    return v_count = 1;
exception
    -- A table that clients write answers in the words of the API.
    when unique_violation or exclusion_violation or check_violation or sqlstate 'PT409' then
        return false;
end;
$$;

/*
 * Change a row for a merger, and write down what it was.
 */
create function crm.change_for_merge(merge crm.mergers, relation text, whole jsonb, wanted jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_columns text[] = array(select jsonb_object_keys(wanted));
    v_key jsonb = crm.only(whole, crm.key_columns(relation::regclass));
begin
    if not crm.change_row(relation::regclass, v_key, crm.only(whole, v_columns), wanted) then
        return;
    end if;
    insert into crm.merge_changes (business_id, merge_id, number, relation, key, before, after)
    select
        merge.business_id, merge.id, count(*) + 1, change_for_merge.relation,
        v_key || crm.only(wanted, array(select jsonb_object_keys(v_key))),
        crm.only(whole, v_columns), wanted
    from crm.merge_changes
    where
        merge_changes.business_id = merge.business_id
        and merge_changes.merge_id = merge.id;
end;
$$;

/*
 * Move the rows of a table that name the duplicate of a merger to the customer who stays.
 */
create function crm.move_rows(merge crm.mergers, relation text, column_name text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_row jsonb;
begin
    for v_row in
        execute format(
            'select to_jsonb(row) from %s as row where business_id = $1 and %I = $2 for update',
            relation::regclass, column_name
        )
        using merge.business_id, merge.duplicate_id
    loop
        perform crm.change_for_merge(
            merge, relation, v_row, jsonb_build_object(column_name, merge.customer_id)
        );
    end loop;
end;
$$;

-- sql/62_crm/functions/consents.sql

-- How consents are given, taken back and written down. The purpose `marketing`, for offers, exists
-- in every business; the others are rows of consent_purposes.

/*
 * Give or take back a consent of the caller.
 * Definer: nobody has a write grant on consents; the caller answers for themselves.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.set_consent(business_id uuid, purpose text, is_given boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_consent crm.consents;
begin
    v_consent.user_id = private.current_user_id();
    if not business.is_open(set_consent.business_id)
        and not exists (
            select 1
            from private.known_businesses() as known (id)
            where known.id = set_consent.business_id
        ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    v_consent.business_id = set_consent.business_id;
    v_consent.purpose = set_consent.purpose;
    v_consent.is_given = set_consent.is_given;
    v_consent.source = 'app';
    perform crm.note_consent(v_consent);
end;
$$;

/*
 * Write down what a customer of the caller's business answered. Returns the customer.
 * Definer: as crm.set_consent.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.record_consent(
    customer_id uuid, purpose text, is_given boolean, source crm.consent_source
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(record_consent.customer_id);
    v_consent crm.consents;
begin
    v_consent.business_id = v_customer.business_id;
    v_consent.user_id = v_customer.user_id;
    v_consent.customer_id = case
        when v_customer.user_id is null then coalesce(v_customer.merged_into_id, v_customer.id)
    end;
    v_consent.purpose = record_consent.purpose;
    v_consent.is_given = record_consent.is_given;
    v_consent.source = record_consent.source;
    v_consent.noted_by = auth.uid();
    perform crm.note_consent(v_consent);
    return v_customer.id;
end;
$$;

/*
 * Write an answer down with the wording of its purpose, unless the same answer holds already.
 *
 * Errors:  PT404 not_found
 */
create function crm.note_consent(consent crm.consents)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wording text;
begin
    if consent.purpose <> 'marketing' then
        select consent_purposes.wording into v_wording
        from crm.consent_purposes
        where
            consent_purposes.business_id = consent.business_id
            and consent_purposes.key = consent.purpose;
        if v_wording is null then
            perform private.refuse(
                'PT404', 'not_found', 'The business does not ask for this consent.',
                'Choose marketing or one of the view consent_purposes.'
            );
        end if;
    end if;
    if crm.holds_consent(consent, v_wording) then
        return;
    end if;
    insert into crm.consents (
        business_id, user_id, customer_id, purpose, is_given, source, wording, noted_by, at
    )
    values (
        consent.business_id, consent.user_id, consent.customer_id, consent.purpose,
        consent.is_given, consent.source, v_wording, consent.noted_by, private.now()
    );
end;
$$;

/*
 * Does the latest answer of a person say the same, to the same words?
 */
create function crm.holds_consent(consent crm.consents, wording text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_who crm.identity = crm.identity_of(
        consent.business_id,
        coalesce(
            consent.customer_id,
            customers.customer_of(consent.business_id, consent.user_id, null)
        )
    );
begin
    return coalesce(
        (
            select
                consents.is_given = consent.is_given
                and (
                    not consents.is_given
                    or consents.wording is not distinct from holds_consent.wording
                )
            from crm.consents
            where
                consents.business_id = consent.business_id
                and consents.purpose = consent.purpose
                and (
                    consents.user_id = any(consent.user_id || v_who.user_ids)
                    or consents.customer_id = any(v_who.customer_ids)
                )
            order by consents.at desc, consents.id desc
            limit 1
        ),
        false
    );
end;
$$;

-- sql/62_crm/functions/credit.sql

-- The credit of two customers who become one, and how it is shared out again. The ledger moves it
-- from account to account, so sums stay the same.

/*
 * Return the accounts of a customer's credit: what they can spend, and what the business will bear
 * for it.
 */
create function crm.credit_accounts(business_id uuid, customer_id uuid)
returns setof money.accounts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select accounts.*
    from money.accounts
    where
        accounts.business_id = credit_accounts.business_id
        and accounts.owner_id = credit_accounts.customer_id
        and accounts.kind in ('customer_credit', 'credit_granted')
    order by accounts.id;
end;
$$;

/*
 * Return the account of another customer that is like a given one. It is made when there is none.
 */
create function crm.account_like(account money.accounts, customer_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return money.account(
        account.kind, account.currency, account.business_id, owner_id => customer_id
    );
end;
$$;

/*
 * Move the duplicate's credit to the customer who stays. Later refunds of what was paid with it
 * return there as well.
 */
create function crm.move_credit(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_account money.accounts;
    v_payment money.credit_payments;
    v_entries money.entry[] = '{}';
    v_balance bigint;
    v_to uuid;
begin
    for v_account in
        select accounts.* from crm.credit_accounts(merge.business_id, merge.duplicate_id) as accounts
    loop
        v_to = crm.account_like(v_account, merge.customer_id);
        perform money.lock_spendable(v_account.id);
        v_balance = money.balance(v_account.id);
        v_entries = v_entries
        || money.make_entry(v_account.id, - v_balance)
        || money.make_entry(v_to, v_balance);
        for v_payment in
            select credit_payments.*
            from money.credit_payments
            where credit_payments.account_id = v_account.id
            for update
        loop
            perform crm.change_for_merge(
                merge, 'money.credit_payments', to_jsonb(v_payment),
                jsonb_build_object('account_id', v_to)
            );
        end loop;
    end loop;
    perform money.post(merge.business_id, 'credit.merged', merge.id, v_entries);
end;
$$;

/*
 * Give the duplicate of a merger back the credit that it moved, as far as it was not spent since.
 */
create function crm.return_credit(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_moved record;
    v_entries money.entry[] = '{}';
    v_left bigint;
    v_amount bigint;
begin
    for v_moved in
        select
            entries.account_id,
            - entries.amount_minor as amount_minor,
            crm.account_like(accounts, merge.customer_id) as from_id
        from money.transactions
        inner join money.entries on entries.number = transactions.number
        inner join money.accounts on accounts.id = entries.account_id
        where
            transactions.cause_kind = 'credit.merged'
            and transactions.cause_id = merge.id
            and accounts.owner_id = merge.duplicate_id
        order by entries.position
    loop
        perform money.lock_spendable(v_moved.from_id);
        v_left = money.balance(v_moved.from_id);
        v_amount = sign(v_moved.amount_minor) * least(abs(v_moved.amount_minor), abs(v_left));
        v_entries = v_entries
        || money.make_entry(v_moved.from_id, - v_amount)
        || money.make_entry(v_moved.account_id, v_amount);
    end loop;
    perform money.post(merge.business_id, 'credit.parted', merge.id, v_entries);
end;
$$;

-- sql/62_crm/functions/customers.sql

-- How members keep the customers of a business: one by one, or many from a list.

/*
 * Write down a customer without an account. Returns the id.
 * Definer: nobody has a write grant on customers; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.add_customer(business_id uuid, name text, email text, phone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(add_customer.business_id, 'serve');
    if num_nonnulls(add_customer.name, add_customer.email, add_customer.phone) = 0 then
        perform private.invalid('name', 'or an e-mail address or a phone number is required');
    end if;
    insert into customers.customers (business_id, name, email, phone, created_at)
    values (
        add_customer.business_id, add_customer.name, add_customer.email, add_customer.phone,
        private.now()
    )
    returning customers.id into v_id;
    return v_id;
end;
$$;

/*
 * Change what a business knows of a customer; null leaves it as it is. Another e-mail address is
 * not proven.
 * Definer: as crm.add_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.update_customer(customer_id uuid, name text, email text, phone text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(update_customer.customer_id);
begin
    update customers.customers
    set
        name = coalesce(update_customer.name, customers.name),
        email = coalesce(update_customer.email, customers.email),
        phone = coalesce(update_customer.phone, customers.phone),
        contact_verified_at = case
            when lower(update_customer.email) <> lower(customers.email) then null
            else customers.contact_verified_at
        end
    where customers.id = v_customer.id;
    return v_customer.id;
end;
$$;

/*
 * Delete a customer of whom nothing is known but their contact, notes, tags and groups. Returns
 * whether there was one.
 * Definer: as crm.add_customer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 in_use
 */
create function crm.delete_customer(customer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(delete_customer.customer_id, 'manage');
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
begin
    perform crm.lock_customers(v_customer.business_id, array[v_customer.id]);
    if v_customer.user_id is not null
        or exists (select 1 from crm.sales_of(v_who))
        or exists (select 1 from crm.bookings_of(v_who))
        or crm.has_history(v_customer) then
        perform private.refuse(
            'PT409', 'in_use', 'This customer has a history with the business.',
            'Erase what is personal with erase_person, or merge them with merge_customers.'
        );
    end if;
    delete from customers.customers where customers.id = v_customer.id;
end;
$$;

/*
 * Does a row that a business keeps refer to a customer: anything but what members noted about
 * them?
 */
create function crm.has_history(customer customers.customers)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule crm.merge_rules;
    v_found boolean;
begin
    for v_rule in
        select merge_rules.*
        from crm.merge_rules
        where merge_rules.relation not in (
            'crm.customer_notes', 'crm.customer_tags', 'crm.customer_blocks', 'crm.consents',
            'customers.customer_group_members', 'scheduling.customer_preferences'
        )
    loop
        execute format(
            'select exists (select 1 from %s where business_id = $1 and %I = $2)',
            v_rule.relation::regclass, v_rule.column_name
        )
        into v_found
        using customer.business_id, customer.id;
        if v_found then
            return true;
        end if;
    end loop;
    return false;
end;
$$;

-- sql/62_crm/functions/figures.sql

-- How often a customer came, did not come, and what they spent.

/*
 * Return the figures of a customer, counted from bookings, orders and payments themselves.
 * Definer: as crm.timeline.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.figures(customer_id uuid)
returns public.customer_figures
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(figures.customer_id);
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
    v_figures public.customer_figures;
begin
    select
        count(*),
        count(*) filter (where bookings.status = 'completed'),
        count(*) filter (where bookings.status = 'cancelled'),
        count(*) filter (where bookings.status = 'no_show'),
        max(bookings.starts_at) filter (where bookings.status in ('checked_in', 'completed')),
        min(bookings.starts_at) filter (
            where bookings.status in ('pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
        )
    into
        v_figures.booking_count, v_figures.completed_count, v_figures.cancelled_count,
        v_figures.no_show_count, v_figures.last_visit_at, v_figures.next_visit_at
    from crm.bookings_of(v_who) as bookings;
    select businesses.currency into v_figures.currency
    from business.businesses
    where businesses.id = v_customer.business_id;
    select
        count(distinct orders.id),
        coalesce(sum(payment_parts.captured_minor - payment_parts.refunded_minor), 0)
    into v_figures.order_count, v_figures.spent_minor
    from crm.sales_of(v_who) as bought
    left join commerce.orders
        on orders.business_id = bought.business_id and orders.sale_id = bought.id
    left join money.payment_parts
        on
            payment_parts.business_id = bought.business_id
            and payment_parts.sale_id = bought.id
            and payment_parts.currency = v_figures.currency;
    v_figures.customer_id = v_customer.id;
    v_figures.business_id = v_customer.business_id;
    return v_figures;
end;
$$;

-- sql/62_crm/functions/importing.sql

-- Customers from a list. A row is an object with name, email, phone, tags, note and kind; whoever
-- the business knows by the same e-mail address or phone number is the same customer.

/*
 * Write down the customers of a list. Returns a report: what became of each row. A row that cannot
 * be read changes nothing; the caller undoes the others if they want all or none.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.import_customers(business_id uuid, items jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_row record;
    v_report jsonb = '[]';
begin
    perform private.require_member(import_customers.business_id, 'manage');
    -- Nobody else writes the same contacts down meanwhile, as in customers.note_contact.
    perform private.lock(array[md5('contact ' || import_customers.business_id)::uuid]);
    for v_row in
        select listed.ordinality as number, listed.value as item
        from jsonb_array_elements(items) with ordinality as listed
        order by listed.ordinality
    loop
        v_report = v_report || crm.import_customer(
            import_customers.business_id, v_row.number, v_row.item
        );
    end loop;
    return v_report;
end;
$$;

/*
 * Write one row down, and say what became of it.
 */
create function crm.import_customer(business_id uuid, number bigint, item jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
    v_id uuid;
    v_token text;
    v_sentence text;
begin
    v_customer = crm.to_customer(item);
    v_id = customers.known_by(
        import_customer.business_id, v_customer.email, v_customer.phone
    );
    if v_id is null then
        v_token = 'created';
        v_id = crm.add_customer(
            import_customer.business_id, v_customer.name, v_customer.email, v_customer.phone
        );
    else
        v_token = 'updated';
        perform crm.update_customer(v_id, v_customer.name, null, v_customer.phone);
    end if;
    perform crm.import_extras(import_customer.business_id, v_id, item);
    return jsonb_build_object('row', number, 'outcome', v_token, 'customer_id', v_id);
exception
    when sqlstate 'PT400' then
        get stacked diagnostics v_sentence = message_text, v_token = pg_exception_detail;
        return jsonb_build_object(
            'row', number, 'outcome', 'refused', 'token', v_token, 'message', v_sentence
        );
end;
$$;

/*
 * Read the contact of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.to_customer(item jsonb)
returns customers.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    v_customer.name = private.to_text(item ->> 'name', 'name', 200);
    v_customer.email = private.to_email(item ->> 'email', 'email');
    v_customer.phone = private.to_phone(item ->> 'phone', 'phone');
    return v_customer;
end;
$$;

/*
 * Write the tags and the note of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.import_extras(business_id uuid, customer_id uuid, item jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_note text = private.to_text(item ->> 'note', 'note', 5000);
    v_kind text = coalesce(nullif(item ->> 'kind', ''), 'general');
begin
    if v_kind <> all(enum_range(null::crm.note_kind)::text[]) then
        perform private.invalid('kind', 'must be allergy, preference, restriction or general');
    end if;
    insert into crm.customer_tags (business_id, customer_id, tag)
    select distinct import_extras.business_id, import_extras.customer_id, btrim(words.word)
    from regexp_split_to_table(item ->> 'tags', ';') as words (word)
    where btrim(words.word) <> ''
    on conflict do nothing;
    if v_note is not null and not exists (
        select 1
        from crm.customer_notes
        where
            customer_notes.business_id = import_extras.business_id
            and customer_notes.customer_id = import_extras.customer_id
            and customer_notes.body = v_note
    ) then
        insert into crm.customer_notes (business_id, customer_id, kind, body)
        values (
            import_extras.business_id, import_extras.customer_id, v_kind::crm.note_kind, v_note
        );
    end if;
end;
$$;

-- sql/62_crm/functions/merging.sql

-- Two customers become one.

/*
 * Merge a customer into another of the same business, unless that is done already. Returns the id
 * of the customer who stays.
 * Definer: nobody writes what it moves; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function crm.merge_customers(customer_id uuid, duplicate_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
-- Rows are compared as JSON, in which an instant has the zone of the session.
set timezone = 'UTC'
as $$
declare
    v_kept customers.customers = crm.require_customer(merge_customers.customer_id, 'manage');
    v_duplicate customers.customers = crm.require_customer(
        merge_customers.duplicate_id, 'manage'
    );
    v_merge crm.mergers;
begin
    if v_duplicate.id = v_kept.id or v_duplicate.business_id <> v_kept.business_id then
        perform private.invalid('duplicate_id', 'must be another customer of the same business');
    end if;
    perform crm.lock_customers(v_kept.business_id, array[v_kept.id, v_duplicate.id]);
    v_kept = crm.require_customer(v_kept.id, 'manage');
    v_duplicate = crm.require_customer(v_duplicate.id, 'manage');
    if v_duplicate.merged_into_id = v_kept.id then
        return v_kept.id;
    end if;
    if num_nonnulls(v_kept.merged_into_id, v_duplicate.merged_into_id) > 0 then
        perform private.refuse(
            'PT409', 'already_merged', 'One of them was merged into another customer before.',
            'Merge those that the view customers shows without merged_into_id.'
        );
    end if;
    v_merge = crm.record_merge(v_kept, v_duplicate);
    perform crm.keep_one_membership(v_merge);
    perform crm.move_credit(v_merge);
    perform crm.lock_points(v_merge);
    perform crm.move_all_rows(v_merge);
    perform crm.recount_points(v_merge);
    perform crm.take_debt_over(v_merge);
    perform crm.complete_contact(v_merge, v_kept, v_duplicate);
    return v_kept.id;
end;
$$;

/*
 * Lock customers until the transaction ends: against other mergers, what joins a membership, and
 * every row that is about to refer to them.
 */
create function crm.lock_customers(business_id uuid, customer_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.lock(customer_ids);
    perform
    from customers.customers
    where
        customers.business_id = lock_customers.business_id
        and customers.id = any(customer_ids)
    order by customers.id
    for update;
end;
$$;

/*
 * Write a merger down, and point the duplicate at the customer who stays.
 */
create function crm.record_merge(kept customers.customers, duplicate customers.customers)
returns crm.mergers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_merge crm.mergers;
begin
    insert into crm.mergers (business_id, customer_id, duplicate_id, merged_by, merged_at)
    values (kept.business_id, kept.id, duplicate.id, auth.uid(), private.now())
    returning mergers.* into v_merge;
    update customers.customers
    set merged_into_id = kept.id
    where customers.id = duplicate.id;
    return v_merge;
end;
$$;

/*
 * Move every row that refers to the duplicate, as crm.merge_rules says.
 */
create function crm.move_all_rows(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_rule crm.merge_rules;
begin
    for v_rule in
        select merge_rules.*
        from crm.merge_rules
        where merge_rules.action = 'move'
        order by merge_rules.relation, merge_rules.column_name
    loop
        perform crm.move_rows(merge, v_rule.relation, v_rule.column_name);
    end loop;
end;
$$;

/*
 * Give the customer who stays what only the duplicate's contact says.
 */
create function crm.complete_contact(
    merge crm.mergers, kept customers.customers, duplicate customers.customers
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wanted jsonb = jsonb_strip_nulls(jsonb_build_object(
        'name', case when kept.name is null then duplicate.name end,
        'email', case when kept.email is null then duplicate.email end,
        'phone', case when kept.phone is null then duplicate.phone end
    ));
begin
    if v_wanted <> '{}' then
        perform crm.change_for_merge(merge, 'customers.customers', to_jsonb(kept), v_wanted);
    end if;
end;
$$;

/*
 * End one of two live memberships: that of the lower rank, or else that which is paid for less
 * long, or else the duplicate's. What it was paid for stays until the end of its period; it is not
 * renewed.
 */
create function crm.keep_one_membership(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_second memberships.memberships;
    v_period memberships.membership_periods;
begin
    v_second = crm.second_membership(merge);
    if v_second.id is null then
        return;
    end if;
    perform crm.change_for_merge(
        merge, 'memberships.memberships', to_jsonb(v_second),
        jsonb_build_object(
            'closed_at', merge.merged_at, 'ends_at', merge.merged_at, 'renews_at', null,
            'next_plan_id', null
        )
    );
    for v_period in
        select membership_periods.*
        from memberships.membership_periods
        where
            membership_periods.business_id = v_second.business_id
            and membership_periods.membership_id = v_second.id
            and membership_periods.next_charge_at is not null
        for update
    loop
        perform crm.change_for_merge(
            merge, 'memberships.membership_periods', to_jsonb(v_period),
            jsonb_build_object('next_charge_at', null)
        );
    end loop;
end;
$$;

/*
 * Return the live membership that a merger ends, if both customers have one.
 */
create function crm.second_membership(merge crm.mergers)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_live memberships.memberships[];
begin
    perform
    from memberships.memberships
    where
        memberships.business_id = merge.business_id
        and memberships.customer_id in (merge.customer_id, merge.duplicate_id)
        and memberships.renews
        and memberships.closed_at is null
    order by memberships.id
    for update;
    v_live = array(
        select memberships
        from memberships.memberships
        inner join memberships.membership_plans
            on
                membership_plans.business_id = memberships.business_id
                and membership_plans.id = memberships.plan_id
        where
            memberships.business_id = merge.business_id
            and memberships.customer_id in (merge.customer_id, merge.duplicate_id)
            and memberships.renews
            and memberships.closed_at is null
        order by
            memberships.is_over(memberships, merge.merged_at),
            membership_plans.rank desc,
            memberships.paid_until desc,
            memberships.customer_id = merge.duplicate_id
    );
    return v_live[2];
end;
$$;

-- sql/62_crm/functions/messages.sql

-- How a business and a customer write to each other. Both sides call the same functions; which side
-- a caller is on follows from who they are: a member who serves customers writes for the business.

/*
 * Return the customer of a business who the caller is. The business gets to know them now, if it
 * did not before.
 *
 * Errors:  PT404 not_found
 */
create function crm.caller_as_customer(business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
begin
    if not exists (
        select 1
        from private.known_businesses() as known (id)
        where known.id = caller_as_customer.business_id
    )
        and not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    perform customers.note_customer(
        caller_as_customer.business_id, profiles.id, profiles.full_name, profiles.email,
        profiles.phone, null
    )
    from identity.profiles
    where profiles.id = v_user_id;
    return customers.customer_of(caller_as_customer.business_id, v_user_id, null);
end;
$$;

/*
 * Refuse a booking or an order that is not the customer's.
 *
 * Errors:  PT404 not_found
 */
create function crm.require_matter(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_who crm.identity = crm.identity_of(require_matter.business_id, require_matter.customer_id);
begin
    if booking_id is not null and not exists (
        select 1
        from crm.bookings_of(v_who) as bookings
        where bookings.id = require_matter.booking_id
    )
    or order_id is not null and not exists (
        select 1
        from commerce.orders
        inner join crm.sales_of(v_who) as bought on bought.id = orders.sale_id
        where
            orders.business_id = require_matter.business_id
            and orders.id = require_matter.order_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking or order of this customer.',
            'Check the id in the views bookings and orders.'
        );
    end if;
end;
$$;

/*
 * Return the conversation of a business with a customer about a booking, an order, or neither. It
 * is made when there is none.
 */
create function crm.conversation_about(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into crm.conversations (
        business_id, customer_id, booking_id, order_id, created_at, last_message_at
    )
    values (
        conversation_about.business_id, conversation_about.customer_id,
        conversation_about.booking_id, conversation_about.order_id, private.now(), private.now()
    )
    on conflict on constraint conversations_one_for_each_matter do nothing
    returning conversations.id into v_id;
    if v_id is null then
        select conversations.id into strict v_id
        from crm.conversations
        inner join customers.customers on customers.id = conversation_about.customer_id
        where
            conversations.business_id = conversation_about.business_id
            and conversations.customer_id = coalesce(customers.merged_into_id, customers.id)
            and conversations.booking_id is not distinct from conversation_about.booking_id
            and conversations.order_id is not distinct from conversation_about.order_id;
    end if;
    return v_id;
end;
$$;

/*
 * Write to a business, or from a business to a customer: a first message, or a further one about
 * the same. Returns the conversation.
 * Definer: nobody has a write grant on conversations; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden customer_blocked
 *          PT404 not_found
 */
create function crm.start_conversation(
    business_id uuid, customer_id uuid, booking_id uuid, order_id uuid, body text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers;
    v_customer_id uuid;
    v_conversation_id uuid;
begin
    if start_conversation.customer_id is null then
        v_customer_id = crm.caller_as_customer(start_conversation.business_id);
    else
        v_customer = crm.require_customer(start_conversation.customer_id);
        if v_customer.business_id <> start_conversation.business_id then
            perform private.invalid('customer_id', 'must be a customer of the business');
        end if;
        v_customer_id = coalesce(v_customer.merged_into_id, v_customer.id);
    end if;
    perform crm.require_matter(
        start_conversation.business_id, v_customer_id, start_conversation.booking_id,
        start_conversation.order_id
    );
    v_conversation_id = crm.conversation_about(
        start_conversation.business_id, v_customer_id, start_conversation.booking_id,
        start_conversation.order_id
    );
    perform crm.add_message(
        v_conversation_id,
        case when v_customer.id is null then 'customer' else 'business' end::crm.side,
        start_conversation.body
    );
    return v_conversation_id;
end;
$$;

/*
 * Return the side on which the caller is in a conversation.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.require_side(conversation_id uuid)
returns crm.side
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_conversation crm.conversations;
begin
    perform private.token_user_id();
    select conversations.* into v_conversation
    from crm.conversations
    where conversations.id = require_side.conversation_id;
    if v_conversation.business_id in (select private.my_businesses('serve')) then
        return 'business';
    elsif v_conversation.customer_id in (select customers.mine()) then
        return 'customer';
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such conversation.',
        'Check the id in the view conversations.'
    );
end;
$$;

/*
 * Answer in a conversation. Returns the message.
 * Definer: as crm.start_conversation.
 *
 * Errors:  PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 */
create function crm.send_message(conversation_id uuid, body text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return crm.add_message(
        send_message.conversation_id, crm.require_side(send_message.conversation_id),
        send_message.body
    );
end;
$$;

/*
 * Add a message to a conversation. The other side is told.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.add_message(conversation_id uuid, sender crm.side, body text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_message crm.messages;
    v_customer customers.customers;
begin
    update crm.conversations
    set last_message_at = private.now()
    from customers.customers
    where
        conversations.id = add_message.conversation_id
        and customers.id = conversations.customer_id
    returning customers.* into v_customer;
    if add_message.sender = 'customer' then
        perform crm.refuse_blocked(
            v_customer.business_id, auth.uid(), v_customer.email, v_customer.phone
        );
    end if;
    insert into crm.messages (business_id, conversation_id, sender, author_id, body, sent_at)
    values (
        v_customer.business_id, add_message.conversation_id, add_message.sender, auth.uid(),
        add_message.body, private.now()
    )
    returning messages.* into v_message;
    perform crm.note_read(v_message.business_id, add_message.conversation_id);
    perform private.emit('message.sent', jsonb_build_object(
        'message_id', v_message.id, 'business_id', v_message.business_id
    ));
    return v_message.id;
end;
$$;

/*
 * Note that the caller has read a conversation until now.
 */
create function crm.note_read(business_id uuid, conversation_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into crm.message_reads (business_id, conversation_id, user_id, read_at)
    select note_read.business_id, note_read.conversation_id, auth.uid(), private.now()
    where auth.uid() is not null
    on conflict on constraint message_reads_pkey do update
    set read_at = greatest(message_reads.read_at, excluded.read_at);
end;
$$;

/*
 * Mark a conversation as read by the caller.
 * Definer: as crm.start_conversation.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.read_conversation(conversation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform crm.require_side(read_conversation.conversation_id);
    perform crm.note_read(conversations.business_id, conversations.id)
    from crm.conversations
    where conversations.id = read_conversation.conversation_id;
end;
$$;

-- sql/62_crm/functions/messages_told.sql

-- What people are told of a message, and who hears of it: the other side.

/*
 * Return what templates may say about messages.
 */
create function crm.message_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        told.ordinal,
        jsonb_build_object(
            'message_id', messages.id,
            'business_id', messages.business_id,
            'customer_name', coalesce(customers.name, customers.email, customers.phone, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'body', messages.body,
            'time_zone', businesses.time_zone
        )
    from unnest(message_data.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join crm.conversations
        on
            conversations.business_id = messages.business_id
            and conversations.id = messages.conversation_id
    inner join customers.customers
        on
            customers.business_id = conversations.business_id
            and customers.id = conversations.customer_id
    inner join business.businesses on businesses.id = messages.business_id;
end;
$$;

/*
 * Return who hears of a message: the customer of what the business wrote; of what the customer
 * wrote the owners and managers, and the staff who wrote in the conversation.
 */
create function crm.message_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        told.ordinal,
        profiles.id,
        coalesce(profiles.email, customers.email),
        coalesce(profiles.phone, customers.phone),
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join crm.conversations on conversations.id = messages.conversation_id
    inner join customers.customers on customers.id = conversations.customer_id
    inner join business.businesses on businesses.id = messages.business_id
    left join identity.profiles on profiles.id = customers.user_id
    where message_readers.audience = 'customer' and messages.sender = 'business'
    union all
    select readers.*
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    cross join lateral
    business.manager_readers(messages.business_id, told.ordinal) as readers
    where message_readers.audience = 'business' and messages.sender = 'customer'
    union all
    select
        told.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(message_readers.messages) as told
    inner join crm.messages on messages.id = told.subject_id
    inner join business.business_members on business_members.business_id = messages.business_id
    inner join identity.profiles on profiles.id = business_members.user_id
    where
        message_readers.audience = 'business'
        and messages.sender = 'customer'
        and business_members.role = 'staff'
        and exists (
            select 1
            from crm.messages as earlier
            where
                earlier.business_id = messages.business_id
                and earlier.conversation_id = messages.conversation_id
                and earlier.author_id = business_members.user_id
        );
end;
$$;

-- sql/62_crm/functions/notes.sql

-- Who reads and writes which notes, and whom a customer is known as.

/*
 * Return the kinds of notes that the caller may read, or write, in each of their businesses.
 * Definer: policies ask it once a statement, and members do not read every permission.
 */
create function crm.note_kinds(access text)
returns setof crm.note_scope
language plpgsql
stable
security definer
rows 20
set search_path = ''
as $$
begin
    return query
    select mine.id, kinds.kind
    from unnest(array['serve', 'manage', 'own']) as needed (permission)
    cross join lateral private.my_businesses(needed.permission) as mine (id)
    cross join unnest(enum_range(null::crm.note_kind)) as kinds (kind)
    left join crm.note_permissions
        on
            note_permissions.business_id = mine.id
            and note_permissions.kind = kinds.kind
    where
        needed.permission = coalesce(
            case note_kinds.access
                when 'read' then note_permissions.read_permission
                when 'write' then note_permissions.write_permission
            end,
            'serve'
        );
end;
$$;

/*
 * Return a customer whom the caller serves.
 * Definer: it must tell a customer who does not exist from one that the caller may not change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.require_customer(customer_id uuid, permission text default 'serve')
returns customers.customers
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select customers.* into v_customer
    from customers.customers
    where
        customers.id = require_customer.customer_id
        and (
            private.is_operator()
            or customers.business_id in (select private.my_businesses('serve'))
        );
    if v_customer.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such customer.',
            'Check the id in the view customers.'
        );
    end if;
    perform private.require_member(v_customer.business_id, require_customer.permission);
    return v_customer;
end;
$$;

/*
 * Return everything by which a customer is known.
 */
create function crm.identity_of(business_id uuid, customer_id uuid)
returns crm.identity
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_identity crm.identity;
begin
    v_identity.business_id = identity_of.business_id;
    select
        array_agg(customers.id),
        array_remove(array_agg(customers.user_id), null),
        array_remove(array_agg(lower(customers.email)), null),
        array_remove(array_agg(customers.phone), null)
    into
        v_identity.customer_ids, v_identity.user_ids, v_identity.emails, v_identity.phones
    from customers.customers
    where
        customers.business_id = identity_of.business_id
        and (
            customers.id = identity_of.customer_id
            or customers.merged_into_id = identity_of.customer_id
        );
    return v_identity;
end;
$$;

/*
 * Return the row of a customer as the API shows it.
 */
create function crm.visible_customer(customer_id uuid)
returns public.customers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer public.customers;
begin
    select customers.* into v_customer
    from public.customers
    where customers.id = visible_customer.customer_id;
    return v_customer;
end;
$$;

-- sql/62_crm/functions/points.sql

-- The points of two customers who become one. Lots move as rows; what an account says is counted
-- from its lots again, and a debt is repaid from the points of both.

/*
 * Lock the points of both customers of a merger. Without points of the duplicate nothing is locked.
 */
create function crm.lock_points(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from loyalty.accounts
        where
            accounts.business_id = merge.business_id
            and accounts.customer_id = merge.duplicate_id
    ) then
        perform loyalty.lock_accounts(
            merge.business_id, array[merge.customer_id, merge.duplicate_id]
        );
    end if;
end;
$$;

/*
 * Make the accounts of both customers of a merger say what their lots say.
 */
create function crm.recount_points(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update loyalty.accounts
    set points = (
        select coalesce(sum(lots.points), 0)
        from loyalty.lots
        where
            lots.business_id = accounts.business_id
            and lots.customer_id = accounts.customer_id
    )
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id in (merge.customer_id, merge.duplicate_id);
end;
$$;

/*
 * Take the debt of the duplicate over, and repay it from the points that they had.
 */
create function crm.take_debt_over(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_debt bigint;
begin
    select accounts.debt_points into v_debt
    from loyalty.accounts
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id = merge.duplicate_id;
    if v_debt > 0 then
        perform loyalty.write_entry(
            loyalty.make_entry(
                merge.business_id, merge.duplicate_id, 'adjusted', reason => 'Merged'
            ),
            null, v_debt
        );
        perform loyalty.write_entry(
            loyalty.make_entry(
                merge.business_id, merge.customer_id, 'adjusted', reason => 'Merged'
            ),
            null, - v_debt
        );
    end if;
    perform loyalty.repay_debt(accounts.business_id, accounts.customer_id)
    from loyalty.accounts
    where
        accounts.business_id = merge.business_id
        and accounts.customer_id = merge.customer_id;
end;
$$;

-- sql/62_crm/functions/preferences.sql

-- What members write down about whom and what a customer usually wants, and which slots follow from
-- what is known.

/*
 * Write down what a customer usually wants; what is null is not known. Returns the customer.
 * Definer: nobody has a write grant on preferences; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.set_preferences(customer_id uuid, resource_id uuid, service_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(set_preferences.customer_id);
begin
    if not exists (
        select 1
        from catalog.resources
        where
            resources.business_id = v_customer.business_id
            and resources.id = set_preferences.resource_id
    ) and set_preferences.resource_id is not null then
        perform private.invalid('resource_id', 'must be a resource of the business');
    end if;
    if not exists (
        select 1
        from catalog.services
        where
            services.business_id = v_customer.business_id
            and services.id = set_preferences.service_id
    ) and set_preferences.service_id is not null then
        perform private.invalid('service_id', 'must be a service of the business');
    end if;
    insert into scheduling.customer_preferences (
        business_id, customer_id, resource_id, service_id, updated_by, updated_at
    )
    values (
        v_customer.business_id, coalesce(v_customer.merged_into_id, v_customer.id),
        set_preferences.resource_id, set_preferences.service_id, auth.uid(), private.now()
    )
    on conflict on constraint customer_preferences_pkey do update
        set
            resource_id = excluded.resource_id,
            service_id = excluded.service_id,
            updated_by = excluded.updated_by,
            updated_at = excluded.updated_at;
    return v_customer.id;
end;
$$;

/*
 * Return what somebody usually books in a business, and with whom: by their own word, as members
 * wrote it down, or else what they booked last. Without a customer it is the caller, else a
 * customer whom the caller serves. Nothing is returned that cannot be booked any more.
 * Definer: members' notes and the bookings of a customer decide together.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.preferred_selection(
    business_id uuid, customer_id uuid, out service_id uuid, out resource_id uuid
)
returns record
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_customer customers.customers;
    v_noted scheduling.customer_preferences;
begin
    if preferred_selection.customer_id is null then
        v_user_id = private.token_user_id();
        v_noted = scheduling.noted_preference(
            preferred_selection.business_id, v_user_id, null, null
        );
    else
        v_customer = crm.require_customer(preferred_selection.customer_id);
        select customer_preferences.* into v_noted
        from scheduling.customer_preferences
        where
            customer_preferences.business_id = preferred_selection.business_id
            and customer_preferences.customer_id
            = coalesce(v_customer.merged_into_id, v_customer.id);
        v_user_id = v_customer.user_id;
    end if;
    service_id = crm.preferred_service(
        preferred_selection.business_id, v_user_id, v_noted,
        preferred_selection.customer_id is null
    );
    resource_id = crm.preferred_resource(
        preferred_selection.business_id, v_user_id, v_noted, service_id,
        preferred_selection.customer_id is null
    );
end;
$$;

/*
 * Return the first service that can be booked of: the account's own preference, which is only for
 * its owner, what members wrote down, and what the account booked last.
 */
create function crm.preferred_service(
    business_id uuid, user_id uuid, noted scheduling.customer_preferences, is_own boolean
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select services.id
        from (
            select 1 as rank, preferred_services.service_id as id, null::timestamptz as at
            from scheduling.preferred_services
            where
                is_own
                and preferred_services.business_id = preferred_service.business_id
                and preferred_services.customer_id = preferred_service.user_id
            union all
            select 2, noted.service_id, null
            union all
            select 3, booking_items.service_id, bookings.starts_at
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.business_id = preferred_service.business_id
                and bookings.customer_id = preferred_service.user_id
                and bookings.status = 'completed'
                and booking_items.cancelled_at is null
        ) as wanted
        inner join catalog.services on services.id = wanted.id
        where
            services.business_id = preferred_service.business_id
            and services.archived_at is null
            and services.is_active
        order by wanted.rank, wanted.at desc
        limit 1
    );
end;
$$;

/*
 * Return the first resource that provides a service of: the account's own preference, which is only
 * for its owner, and what members wrote down.
 */
create function crm.preferred_resource(
    business_id uuid,
    user_id uuid,
    noted scheduling.customer_preferences,
    service_id uuid,
    is_own boolean
)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select resources.id
        from (
            select 1 as rank, preferred_resources.resource_id as id
            from scheduling.preferred_resources
            where
                is_own
                and preferred_resources.business_id = preferred_resource.business_id
                and preferred_resources.customer_id = preferred_resource.user_id
            union all
            select 2, noted.resource_id
        ) as wanted
        inner join catalog.resources on resources.id = wanted.id
        inner join catalog.service_resources
            on
                service_resources.resource_id = resources.id
                and service_resources.service_id = preferred_resource.service_id
        where resources.business_id = preferred_resource.business_id and resources.is_active
        order by wanted.rank
        limit 1
    );
end;
$$;

-- sql/62_crm/functions/purchases.sql

-- What a customer booked and bought. Bookings and sales name the account of whoever bought, or
-- their contact, so each is found by everything by which the customer is known.

/*
 * Return the bookings of a customer. One that holds a time is not booked yet.
 */
create function crm.bookings_of(who crm.identity)
returns setof scheduling.bookings
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select bookings.*
    from scheduling.bookings
    where
        bookings.business_id = who.business_id
        and bookings.sale_id is not null
        and (
            bookings.customer_id = any(who.user_ids)
            or bookings.customer_id is null
            and (
                lower(bookings.customer_email) = any(who.emails)
                or bookings.customer_phone = any(who.phones)
            )
        );
end;
$$;

/*
 * Return the sales of a customer.
 */
create function crm.sales_of(who crm.identity)
returns setof sales.sales
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select sales.*
    from sales.sales
    where
        sales.business_id = who.business_id
        and (
            sales.customer_id = any(who.user_ids)
            or sales.customer_id is null
            and (
                lower(sales.customer_email) = any(who.emails)
                or sales.customer_phone = any(who.phones)
            )
        );
end;
$$;

-- sql/62_crm/functions/timeline.sql

-- What happened with a customer, from every domain.

/*
 * Return what a customer booked, ordered and paid.
 */
create function crm.purchases_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        bookings.starts_at,
        'booking',
        bookings.id,
        bookings.status::text,
        bookings.reference,
        bookings.total_minor,
        bookings.currency
    from crm.bookings_of(who) as bookings
    union all
    select
        orders.placed_at,
        'order',
        orders.id,
        orders.status::text,
        orders.reference,
        null,
        bought.currency
    from crm.sales_of(who) as bought
    inner join commerce.orders
        on orders.business_id = bought.business_id and orders.sale_id = bought.id
    union all
    select
        payment_parts.created_at,
        'payment',
        payment_parts.payment_id,
        payment_parts.status::text,
        payment_parts.provider,
        payment_parts.captured_minor - payment_parts.refunded_minor,
        payment_parts.currency
    from crm.sales_of(who) as bought
    inner join money.payment_parts
        on payment_parts.business_id = bought.business_id and payment_parts.sale_id = bought.id;
end;
$$;

/*
 * Return the memberships and the credit of a customer.
 */
create function crm.records_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        memberships.joined_at,
        'membership',
        memberships.id,
        memberships.status_at(memberships, private.now())::text,
        membership_plans.name,
        memberships.price_minor,
        memberships.currency
    from memberships.memberships
    inner join memberships.membership_plans
        on
            membership_plans.business_id = memberships.business_id
            and membership_plans.id = memberships.plan_id
    where
        memberships.business_id = who.business_id
        and memberships.customer_id = any(who.customer_ids)
    union all
    select
        credits.created_at,
        'credit',
        credits.id,
        null,
        credits.reason,
        credits.amount_minor,
        credits.currency
    from money.credits
    where
        credits.business_id = who.business_id
        and credits.customer_id = any(who.customer_ids);
end;
$$;

/*
 * Return the notes on a customer that the caller may read.
 */
create function crm.notes_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        customer_notes.created_at,
        'note',
        customer_notes.id,
        customer_notes.kind::text,
        customer_notes.body,
        null::bigint,
        null::text
    from crm.customer_notes
    where
        customer_notes.business_id = who.business_id
        and customer_notes.customer_id = any(who.customer_ids)
        and (
            private.is_operator()
            or row(customer_notes.business_id, customer_notes.kind)::crm.note_scope
            = any(array(select crm.note_kinds('read')))
        );
end;
$$;

/*
 * Return what was written to and by a customer.
 */
create function crm.messages_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.sent_at,
        'message',
        messages.id,
        messages.sender::text,
        messages.body,
        null::bigint,
        null::text
    from crm.conversations
    inner join crm.messages
        on
            messages.business_id = conversations.business_id
            and messages.conversation_id = conversations.id
    where
        conversations.business_id = who.business_id
        and conversations.customer_id = any(who.customer_ids);
end;
$$;

/*
 * Return the published reviews of what a customer booked or bought.
 */
create function crm.reviews_of(who crm.identity)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        reviews.published_at,
        'review',
        reviews.id,
        reviews.rating::text,
        reviews.body,
        null::bigint,
        null::text
    from reviews.reviews
    where
        reviews.business_id = who.business_id
        and reviews.status = 'published'
        and reviews.published_at is not null
        and (
            reviews.booking_id in (select bookings.id from crm.bookings_of(who) as bookings)
            or reviews.sale_line_id in (
                select sale_lines.id
                from crm.sales_of(who) as bought
                inner join sales.sale_lines
                    on
                        sale_lines.business_id = bought.business_id
                        and sale_lines.sale_id = bought.id
            )
        );
end;
$$;

/*
 * Return what happened with a customer before an instant, or at that instant before an id, the
 * latest first.
 * Definer: bookings and sales are found by contact, which an index serves only without policies.
 * The caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function crm.timeline(
    customer_id uuid, kinds text[], before_at timestamptz, before_id uuid, row_count integer
)
returns setof public.customer_event
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_customer customers.customers = crm.require_customer(timeline.customer_id);
    v_who crm.identity = crm.identity_of(v_customer.business_id, v_customer.id);
begin
    return query
    select events.*
    from (
        select purchases.* from crm.purchases_of(v_who) as purchases
        union all
        select records.* from crm.records_of(v_who) as records
        union all
        select notes.* from crm.notes_of(v_who) as notes
        union all
        select messages.* from crm.messages_of(v_who) as messages
        union all
        select reviews.* from crm.reviews_of(v_who) as reviews
    ) as events
    where
        (timeline.kinds is null or events.kind = any(timeline.kinds))
        and (
            timeline.before_at is null
            or events.at < timeline.before_at
            or events.at = timeline.before_at and events.id < timeline.before_id
        )
    order by events.at desc, events.id desc
    limit timeline.row_count;
end;
$$;

/*
 * Read the kinds of events that a caller wants; null is all.
 *
 * Errors:  PT400 invalid_input
 */
create function crm.to_event_kinds(value text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_kinds text[];
begin
    if value is null then
        return null;
    end if;
    v_kinds = array(
        select jsonb_array_elements_text(private.to_list(value, 'kinds', 20))
    );
    if not v_kinds <@ array[
        'booking', 'order', 'payment', 'membership', 'credit', 'review', 'note', 'message'
    ] then
        perform private.invalid(
            'kinds',
            'must be of booking, order, payment, membership, credit, review, note and message'
        );
    end if;
    return v_kinds;
end;
$$;

-- sql/62_crm/functions/unmerging.sql

-- A merger is undone from what it wrote down.

/*
 * Undo a merger, unless that is done already. What was written since stays with the customer who
 * stayed; rows that changed since stay as they are. Returns the id of the customer who is on their
 * own again.
 * Definer: as crm.merge_customers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_merged
 */
create function crm.unmerge_customers(merge_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
    v_merge crm.mergers = crm.require_merge(unmerge_customers.merge_id);
begin
    perform crm.lock_customers(
        v_merge.business_id, array[v_merge.customer_id, v_merge.duplicate_id]
    );
    v_merge = crm.require_merge(unmerge_customers.merge_id);
    if v_merge.undone_at is not null then
        return v_merge.duplicate_id;
    end if;
    if not exists (
        select 1
        from customers.customers
        where
            customers.id = v_merge.duplicate_id
            and customers.merged_into_id = v_merge.customer_id
    ) then
        perform private.refuse(
            'PT409', 'already_merged', 'The customer who stayed was merged into another one since.',
            'Undo the later merger first.'
        );
    end if;
    update customers.customers
    set merged_into_id = null
    where customers.id = v_merge.duplicate_id;
    perform crm.lock_points(v_merge);
    perform crm.change_rows_back(v_merge);
    perform crm.recount_points(v_merge);
    perform crm.return_credit(v_merge);
    update crm.mergers
    set undone_at = private.now(), undone_by = auth.uid()
    where mergers.id = v_merge.id;
    return v_merge.duplicate_id;
end;
$$;

/*
 * Return a merger of a business that the caller manages.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.require_merge(merge_id uuid)
returns crm.mergers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_merge crm.mergers;
begin
    select mergers.* into v_merge from crm.mergers where mergers.id = require_merge.merge_id;
    if v_merge.id is not null then
        perform crm.require_customer(v_merge.customer_id, 'manage');
        return v_merge;
    end if;
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such merger.',
        'Check the id in the view customer_merges.'
    );
end;
$$;

/*
 * Change the rows of a merger back, the last one first.
 */
create function crm.change_rows_back(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change crm.merge_changes;
begin
    for v_change in
        select merge_changes.*
        from crm.merge_changes
        where
            merge_changes.business_id = merge.business_id
            and merge_changes.merge_id = merge.id
            -- Erasing empties what was personal.
            and merge_changes.before <> '{}'
        order by merge_changes.number desc
    loop
        perform crm.change_row(
            v_change.relation::regclass, v_change.key, v_change.after, v_change.before
        );
    end loop;
end;
$$;

-- sql/62_crm/rules/blocks.sql

-- A blocked customer books nothing, on whichever path. Members still book for them.

/*
 * Refuse a booking, or a place on a waitlist, of somebody whom the business blocked, unless a
 * member or the operator makes it.
 * Definer: customers do not read blocks.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.any__refuse_blocked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new jsonb;
begin
    if not exists (
        select 1
        from crm.customer_blocks
        where customer_blocks.business_id = new.business_id
    )
    or private.is_operator()
    or new.business_id in (select private.my_businesses('serve')) then
        return new;
    end if;
    v_new = to_jsonb(new);
    perform crm.refuse_blocked(
        new.business_id, new.customer_id, v_new ->> 'customer_email', v_new ->> 'customer_phone'
    );
    return new;
end;
$$;

create trigger _050_refuse_blocked
before insert on scheduling.bookings
for each row execute function crm.any__refuse_blocked();

create trigger _050_refuse_blocked
before insert on scheduling.waitlist_entries
for each row execute function crm.any__refuse_blocked();

-- sql/62_crm/rules/consents.sql

-- Answers are only ever added. Managers write for what their business asks.

create trigger _010_refuse_bad_input
before insert or update on crm.consent_purposes
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_rewriting
before update or delete on crm.consents
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on crm.consents
for each statement execute function private.any__refuse_rewriting();

-- sql/62_crm/rules/favorites.sql

-- What holds for favorites, whoever writes them.

create trigger _010_refuse_bad_input
before insert on crm.favorites
for each row execute function private.any__refuse_bad_input();

-- sql/62_crm/rules/merges.sql

-- What is written about a merged customer is written about the one who they are now.

/*
 * Let a new row name the customer who the named one was merged into. The lock makes it wait for a
 * merger that is under way; a foreign key takes the same lock a moment later. The argument of the
 * trigger is the column.
 * Definer: whoever may write the row may not read every customer.
 */
create function crm.any__follow_merge()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_now_id uuid;
begin
    select customers.merged_into_id into v_now_id
    from customers.customers
    where
        customers.business_id = (v_new ->> 'business_id')::uuid
        and customers.id = (v_new ->> tg_argv[0])::uuid
    for key share;
    if v_now_id is null then
        return new;
    end if;
    return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], v_now_id));
end;
$$;

create trigger _005_follow_merge
before insert on customers.customer_group_members
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on customers.entitlements
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on customers.allowances
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on pricing.tax_numbers
for each row
when (new.customer_id is not null)
execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on money.credits
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on memberships.memberships
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_notes
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_tags
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.customer_blocks
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.consents
for each row
when (new.customer_id is not null)
execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on scheduling.customer_preferences
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on crm.conversations
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on loyalty.referral_codes
for each row execute function crm.any__follow_merge('customer_id');

create trigger _005_follow_merge
before insert on loyalty.referrals
for each row execute function crm.any__follow_merge('referrer_id');

create trigger _006_follow_merge
before insert on loyalty.referrals
for each row execute function crm.any__follow_merge('referred_id');

-- sql/62_crm/rules/messages.sql

-- Messages are only ever added to; erasing may empty them. A file goes with its link.

create trigger _100_refuse_rewriting
before update or delete on crm.messages
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on crm.messages
for each statement execute function private.any__refuse_rewriting();

create trigger _600_announce_deletion
after delete on crm.messages
for each row execute function private.any__announce_deletion('message');

create trigger _500_release_medium
after delete on crm.message_attachments
for each row execute function files.any__release_medium();

-- sql/62_crm/rules/notes.sql

-- What a constraint on notes and tags cannot say.

/*
 * Refuse a note of a kind that the caller may not write, and note when it was changed.
 *
 * Errors:  PT403 forbidden
 */
create function crm.customer_notes__check_writer()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and not exists (
        select 1
        from crm.note_kinds('write') as kinds
        where kinds.business_id = new.business_id and kinds.kind = new.kind
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Your role does not write notes of this kind.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    if tg_op = 'UPDATE' then
        new.updated_at = private.now();
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on crm.customer_notes
for each row
execute function business.any__refuse_bad_input('serve');

create trigger _020_check_writer
before insert or update of kind, body on crm.customer_notes
for each row
execute function crm.customer_notes__check_writer();

create trigger _010_refuse_bad_input
before insert or update on crm.customer_tags
for each row
execute function business.any__refuse_bad_input('serve');

create trigger _010_refuse_bad_input
before insert or update on crm.note_permissions
for each row
execute function business.any__refuse_bad_input('own');

-- sql/62_crm/policies/blocks.sql

-- Members who serve customers see who is blocked; managers block through functions.

alter table crm.customer_blocks enable row level security;
grant select on crm.customer_blocks to authenticated;
grant select, insert, update, delete on crm.customer_blocks to service_role;

create policy customer_blocks_select
on crm.customer_blocks
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

grant execute on function
crm.block_customer(uuid, text),
crm.unblock_customer(uuid)
to anon, authenticated, service_role;

-- sql/62_crm/policies/consents.sql

-- Everybody who sees a business reads for what it asks; managers write it. A person reads their own
-- answers, members who serve customers those of their customers. Functions write answers.

alter table crm.consent_purposes enable row level security;
alter table crm.consents enable row level security;

grant select on crm.consent_purposes to anon;
grant select, insert (business_id, key, wording), update (wording), delete
on crm.consent_purposes to authenticated;
grant select on crm.consents to authenticated;
grant select, insert, update, delete
on crm.consent_purposes, crm.consents
to service_role;

create policy consent_purposes_select
on crm.consent_purposes
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = consent_purposes.business_id
    )
);

create policy consent_purposes_insert
on crm.consent_purposes
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy consent_purposes_update
on crm.consent_purposes
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy consent_purposes_delete
on crm.consent_purposes
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- An account that is no customer of a business stays unknown to it: nobody learns who wants offers.
create policy consents_select
on crm.consents
for select
to authenticated
using (
    user_id = (select auth.uid())
    or customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
    and (
        customer_id is not null
        or exists (
            select 1
            from customers.customers
            where
                customers.business_id = consents.business_id
                and customers.user_id = consents.user_id
        )
    )
);

grant execute on function
crm.set_consent(uuid, text, boolean),
crm.record_consent(uuid, text, boolean, crm.consent_source)
to anon, authenticated, service_role;

-- sql/62_crm/policies/favorites.sql

-- Favorites are their owner's alone, to read and to write. Only a business that the owner can see
-- becomes one. Nothing about a favorite changes, so nobody may update it.

grant usage on schema crm to anon, authenticated, service_role;

alter table crm.favorites enable row level security;
grant select, delete on crm.favorites to authenticated;
grant insert (user_id, business_id) on crm.favorites to authenticated;
grant select, insert, update, delete on crm.favorites to service_role;

create policy favorites_select
on crm.favorites
for select
to authenticated
using (user_id = (select auth.uid()));

create policy favorites_insert
on crm.favorites
for insert
to authenticated
with check (
    user_id = (select auth.uid())
    and exists (
        select 1
        from business.businesses
        where businesses.id = favorites.business_id
    )
);

create policy favorites_delete
on crm.favorites
for delete
to authenticated
using (user_id = (select auth.uid()));

-- sql/62_crm/policies/merges.sql

-- Managers see which customers were merged. What a merger changed is for undoing alone.

alter table crm.mergers enable row level security;
-- merge_rules and merge_changes have no policy: only functions read them.
alter table crm.merge_rules enable row level security;
alter table crm.merge_changes enable row level security;

grant select on crm.mergers to authenticated;
grant select, insert, update, delete
on crm.mergers, crm.merge_rules, crm.merge_changes
to service_role;

create policy mergers_select
on crm.mergers
for select
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
crm.merge_customers(uuid, uuid),
crm.unmerge_customers(uuid)
to anon, authenticated, service_role;

-- sql/62_crm/policies/messages.sql

-- Both sides read a conversation: the customer theirs, members who serve customers those of their
-- business. Everything is written through functions.

alter table crm.conversations enable row level security;
alter table crm.messages enable row level security;
alter table crm.message_reads enable row level security;
alter table crm.message_attachments enable row level security;
grant select
on crm.conversations, crm.messages, crm.message_reads, crm.message_attachments
to authenticated;
grant select, insert, update, delete
on crm.conversations, crm.messages, crm.message_reads, crm.message_attachments
to service_role;

create policy conversations_select
on crm.conversations
for select
to authenticated
using (
    customer_id = any(array(select customers.mine()))
    or business_id = any(array(select private.my_businesses('serve')))
);

-- The policy of conversations applies inside.
create policy messages_select
on crm.messages
for select
to authenticated
using (
    exists (
        select 1
        from crm.conversations
        where
            conversations.business_id = messages.business_id
            and conversations.id = messages.conversation_id
    )
);

create policy message_reads_select
on crm.message_reads
for select
to authenticated
using (
    exists (
        select 1
        from crm.conversations
        where
            conversations.business_id = message_reads.business_id
            and conversations.id = message_reads.conversation_id
    )
);

-- The policy of messages applies inside. Nobody opens a file that no worker has looked into.
create policy message_attachments_select
on crm.message_attachments
for select
to authenticated
using (
    exists (
        select 1
        from crm.messages
        where messages.id = message_attachments.message_id
    )
    and (select crm.is_fit(media_id))
);

grant execute on function
crm.is_fit(uuid),
crm.start_conversation(uuid, uuid, uuid, uuid, text),
crm.send_message(uuid, text),
crm.read_conversation(uuid)
to anon, authenticated, service_role;

-- sql/62_crm/policies/notes.sql

-- Members who serve customers tag them. Their role decides which notes they read and write; owners
-- decide which role that is. Customers, other businesses and the platform read none of it.

alter table crm.customer_notes enable row level security;
alter table crm.note_permissions enable row level security;
alter table crm.customer_tags enable row level security;

grant
select,
insert (id, business_id, customer_id, kind, body),
update (kind, body),
delete
on crm.customer_notes to authenticated;
grant select, insert (business_id, customer_id, tag), delete on crm.customer_tags to authenticated;
grant
select,
insert (business_id, kind, read_permission, write_permission),
update (read_permission, write_permission),
delete
on crm.note_permissions to authenticated;
grant select, insert, update, delete
on crm.customer_notes, crm.note_permissions, crm.customer_tags
to service_role;

create policy customer_notes_select
on crm.customer_notes
for select
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('read')))
);

create policy customer_notes_insert
on crm.customer_notes
for insert
to authenticated
with check (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
);

-- Members change what they wrote; managers also what others wrote.
create policy customer_notes_update
on crm.customer_notes
for update
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
    and (
        author_id = (select auth.uid())
        or business_id = any(array(select private.my_businesses('manage')))
    )
)
with check (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
);

create policy customer_notes_delete
on crm.customer_notes
for delete
to authenticated
using (
    row(business_id, kind)::crm.note_scope = any(array(select crm.note_kinds('write')))
    and (
        author_id = (select auth.uid())
        or business_id = any(array(select private.my_businesses('manage')))
    )
);

create policy customer_tags_select
on crm.customer_tags
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy customer_tags_insert
on crm.customer_tags
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy customer_tags_delete
on crm.customer_tags
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy note_permissions_select
on crm.note_permissions
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy note_permissions_insert
on crm.note_permissions
for insert
to authenticated
with check (business_id in (select private.my_businesses('own')));

create policy note_permissions_update
on crm.note_permissions
for update
to authenticated
using (business_id in (select private.my_businesses('own')))
with check (business_id in (select private.my_businesses('own')));

create policy note_permissions_delete
on crm.note_permissions
for delete
to authenticated
using (business_id in (select private.my_businesses('own')));

grant execute on function
crm.note_kinds(text),
crm.require_customer(uuid, text),
crm.to_event_kinds(text),
crm.visible_customer(uuid),
crm.figures(uuid),
crm.add_customer(uuid, text, text, text),
crm.update_customer(uuid, text, text, text),
crm.delete_customer(uuid),
crm.import_customers(uuid, jsonb),
crm.set_preferences(uuid, uuid, uuid),
crm.preferred_selection(uuid, uuid),
crm.timeline(uuid, text[], timestamptz, uuid, integer)
to anon, authenticated, service_role;

-- sql/62_crm/api/blocks.sql

-- Whom a business takes no bookings from.

create view public.customer_blocks
with (security_invoker = true)
as
select
    customer_blocks.business_id,
    customer_blocks.customer_id,
    customer_blocks.reason,
    customer_blocks.blocked_by,
    customer_blocks.blocked_at
from crm.customer_blocks;
grant select on public.customer_blocks to authenticated, service_role;

comment on view public.customer_blocks is
'Customers from whom a business takes no bookings online. Members who serve customers read them; '
'block_customer and unblock_customer change them.';
comment on column public.customer_blocks.business_id is 'The business.';
comment on column public.customer_blocks.customer_id is 'The customer.';
comment on column public.customer_blocks.reason is 'Why, for the business alone; may be null.';
comment on column public.customer_blocks.blocked_by is
'The member who did it; null for the operator, and once their account is gone.';
comment on column public.customer_blocks.blocked_at is 'When it was done.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.block_customer(customer_id public.identifier, reason text default null)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.block_customer(
        private.to_identifier(block_customer.customer_id, 'customer_id'),
        private.to_text(block_customer.reason, 'reason', 500)
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.block_customer(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.block_customer is
'Take no bookings and messages from a customer any more. Returns the customer.

Whoever comes with their account, e-mail address or phone number is refused with customer_blocked. '
'They leave the waitlists of the business. Members still book for them. For managers.

- customer_id: the customer.
- reason: at most 500 characters, for the business alone.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.unblock_customer(customer_id public.identifier)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.unblock_customer(
        private.to_identifier(unblock_customer.customer_id, 'customer_id')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.unblock_customer(public.identifier)
to anon, authenticated, service_role;

comment on function public.unblock_customer is
'Take bookings from a blocked customer again. Returns the customer. For managers.

- customer_id: the customer.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/consents.sql

-- For what businesses ask for consent, and what people answered.

create view public.consent_purposes
with (security_invoker = true)
as
select
    consent_purposes.business_id,
    consent_purposes.key,
    consent_purposes.wording,
    consent_purposes.created_at
from crm.consent_purposes;
grant select on public.consent_purposes to anon;
grant select, insert, update, delete on public.consent_purposes to authenticated, service_role;

comment on view public.consent_purposes is
'For what businesses ask for consent, beside their offers. Managers write them, and everybody who '
'sees the business reads them. Another wording asks anew: whoever agreed before agreed to the '
'earlier one.';
comment on column public.consent_purposes.business_id is 'The business.';
comment on column public.consent_purposes.key is
'How set_consent calls it: a lower-case word of at most 40 characters, such as photos.';
comment on column public.consent_purposes.wording is
'What somebody agrees to, in the words that they read: 1 to 2000 characters.';
comment on column public.consent_purposes.created_at is 'When it was written.';

create view public.consents
with (security_invoker = true)
as
select
    consents.id,
    consents.business_id,
    consents.user_id,
    known.customer_id,
    consents.purpose,
    consents.is_given,
    consents.source,
    consents.wording,
    consents.noted_by,
    consents.at,
    not exists (
        select 1
        from crm.consents as later
        where
            later.user_id = consents.user_id
            and later.business_id = consents.business_id
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    )
    and not exists (
        select 1
        from customers.customers as same
        inner join crm.consents as later on same.user_id = later.user_id
        where
            same.business_id = consents.business_id
            and known.customer_id in (same.id, same.merged_into_id)
            and later.business_id = consents.business_id
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    )
    and not exists (
        select 1
        from customers.customers as same
        inner join crm.consents as later
            on
                same.business_id = later.business_id
                and same.id = later.customer_id
        where
            same.business_id = consents.business_id
            and known.customer_id in (same.id, same.merged_into_id)
            and later.purpose = consents.purpose
            and (later.at, later.id) > (consents.at, consents.id)
    ) as is_latest
from crm.consents
left join lateral (
    select coalesce(customers.merged_into_id, customers.id) as customer_id
    from customers.customers
    where
        customers.business_id = consents.business_id
        and (customers.user_id = consents.user_id or customers.id = consents.customer_id)
) as known on true;
grant select on public.consents to authenticated, service_role;

comment on view public.consents is
'What people agreed to and took back. Every answer stays; the one with is_latest holds. A person '
'reads their own answers, members who serve customers those of their customers. Changed by '
'set_consent, record_consent and unsubscribe. Page by (at, id).';
comment on column public.consents.id is 'Key.';
comment on column public.consents.business_id is 'The business.';
comment on column public.consents.user_id is 'The account; null for a customer without one.';
comment on column public.consents.customer_id is
'The customer who they are now, a row of customers; null for an account that is no customer.';
comment on column public.consents.purpose is
'marketing (offers), or a key of consent_purposes.';
comment on column public.consents.is_given is 'Whether it was given or taken back.';
comment on column public.consents.source is
'How: app (the person, signed in), link (the link of a mail), or paper, in_person, phone or mail '
'(what a member wrote down).';
comment on column public.consents.wording is
'The text of the purpose at that time; null for marketing.';
comment on column public.consents.noted_by is
'The member who wrote it down; null when the person answered.';
comment on column public.consents.at is 'When.';
comment on column public.consents.is_latest is
'Whether it is the latest answer of this person to this purpose, and so the one that holds.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_consent(
    business_id public.identifier, purpose text, is_given public.yes_no
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.set_consent(
        private.to_identifier(set_consent.business_id, 'business_id'),
        private.to_required_text(set_consent.purpose, 'purpose', 40),
        coalesce(private.to_yes_no(set_consent.is_given, 'is_given'), false)
    );
end;
$$;
grant execute on function public.set_consent(public.identifier, text, public.yes_no)
to anon, authenticated, service_role;

comment on function public.set_consent is
'Give or take back the caller''s consent to a purpose of a business. The same answer again changes '
'nothing.

- business_id: the business.
- purpose: marketing, for its offers, or a key of consent_purposes.
- is_given: whether it is given; without it, it is taken back.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.record_consent(
    customer_id public.identifier, purpose text, is_given public.yes_no, source text
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid;
begin
    if record_consent.source is null
        or record_consent.source not in ('paper', 'in_person', 'phone', 'mail') then
        perform private.invalid('source', 'must be paper, in_person, phone or mail');
    end if;
    v_customer_id = crm.record_consent(
        private.to_identifier(record_consent.customer_id, 'customer_id'),
        private.to_required_text(record_consent.purpose, 'purpose', 40),
        coalesce(private.to_yes_no(record_consent.is_given, 'is_given'), false),
        record_consent.source::crm.consent_source
    );
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.record_consent(
    public.identifier, text, public.yes_no, text
)
to anon, authenticated, service_role;

comment on function public.record_consent is
'Write down what a customer answered on paper, in person, by phone or by mail. Returns the customer.

Offers are sent only to accounts that asked for them by set_consent; a member may write down that '
'somebody wants none any more. For members who serve customers.

- customer_id: the customer.
- purpose: marketing, or a key of consent_purposes.
- is_given: whether it was given; without it, it was taken back.
- source: paper, in_person, phone or mail.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/customers.sql

-- How members keep the customers of a business.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.add_customer(
    business_id public.identifier,
    name text default null,
    email text default null,
    phone text default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.add_customer(
        private.to_identifier(add_customer.business_id, 'business_id'),
        private.to_text(add_customer.name, 'name', 200),
        private.to_email(add_customer.email, 'email'),
        private.to_phone(add_customer.phone, 'phone')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.add_customer(public.identifier, text, text, text)
to anon, authenticated, service_role;

comment on function public.add_customer is
'Write down a customer of a business who has no account. Returns the customer.

An account that has proven the same e-mail address or phone number is linked to them when it '
'first buys there, or takes its bookings over with claim_guest_bookings. For members who serve '
'customers.

- business_id: the business.
- name, email, phone: at least one of them.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.update_customer(
    customer_id public.identifier,
    name text default null,
    email text default null,
    phone text default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.update_customer(
        private.to_identifier(update_customer.customer_id, 'customer_id'),
        private.to_text(update_customer.name, 'name', 200),
        private.to_email(update_customer.email, 'email'),
        private.to_phone(update_customer.phone, 'phone')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.update_customer(public.identifier, text, text, text)
to anon, authenticated, service_role;

comment on function public.update_customer is
'Change what a business knows of a customer. Returns the customer. For members who serve customers.

- customer_id: the customer.
- name, email, phone: what changes; the others stay. Another e-mail address is not proven.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 in_use
 */
create function public.delete_customer(customer_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.delete_customer(
        private.to_identifier(delete_customer.customer_id, 'customer_id')
    );
end;
$$;
grant execute on function public.delete_customer(public.identifier)
to anon, authenticated, service_role;

comment on function public.delete_customer is
'Delete a customer who has no account, has bought nothing and holds nothing. For managers; '
'erase_person empties what is personal about any other.

- customer_id: the customer.

Errors: forbidden 403, in_use 409, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.import_customers(business_id public.identifier, rows public.list)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return crm.import_customers(
        private.to_identifier(import_customers.business_id, 'business_id'),
        to_jsonb(private.to_objects(
            import_customers.rows, 'rows', 1000,
            '{name,email,phone,tags,note,kind}'
        ))
    );
end;
$$;
grant execute on function public.import_customers(public.identifier, public.list)
to anon, authenticated, service_role;

comment on function public.import_customers is
'Write down many customers. Returns a list with what became of each row: {row, outcome: created, '
'updated or refused, customer_id, token, message}. A refused row changes nothing; the others are '
'kept. For managers.

- business_id: the business.
- rows: at most 1000 objects with name, email, phone, tags (words with a semicolon between '
'them), note and kind (allergy, preference, restriction or general). Whoever the business knows '
'by the same e-mail address or phone number is the same customer.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/favorites.sql

-- Favorites as clients read and write them.

create view public.favorites
with (security_invoker = true)
as
select
    favorites.user_id,
    favorites.business_id,
    favorites.created_at
from crm.favorites;
grant select, insert, delete on public.favorites to authenticated;
grant select, insert, update, delete on public.favorites to service_role;

comment on view public.favorites is
'The caller''s favorite businesses, each once. Nobody else reads them. Insert one by its '
'business_id, and delete it. Page by (created_at, business_id).';
comment on column public.favorites.user_id is 'The user; the caller unless said otherwise.';
comment on column public.favorites.business_id is 'The business, a row of businesses.';
comment on column public.favorites.created_at is 'When it became a favorite.';

-- sql/62_crm/api/figures.sql

-- The figures of a customer.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.customer_figures(customer_id public.identifier)
returns public.customer_figures
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return crm.figures(private.to_identifier(customer_figures.customer_id, 'customer_id'));
end;
$$;
grant execute on function public.customer_figures(public.identifier)
to anon, authenticated, service_role;

comment on function public.customer_figures is
'Return how often a customer booked, came and did not come, and what they spent: counted from '
'bookings and payments themselves, those of merged '
'customers included. For members who serve customers.

- customer_id: the customer.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/merges.sql

-- Merging customers, and undoing it.

create view public.customer_merges
with (security_invoker = true)
as
select
    mergers.id,
    mergers.business_id,
    mergers.customer_id,
    mergers.duplicate_id,
    mergers.merged_by,
    mergers.merged_at,
    mergers.undone_by,
    mergers.undone_at
from crm.mergers;
grant select on public.customer_merges to authenticated, service_role;

comment on view public.customer_merges is
'Which customers were merged. Managers read those of their business; unmerge_customers undoes one. '
'Page by (merged_at, id).';
comment on column public.customer_merges.id is 'Key.';
comment on column public.customer_merges.business_id is 'The business.';
comment on column public.customer_merges.customer_id is 'The customer who stayed.';
comment on column public.customer_merges.duplicate_id is 'Who was merged into them.';
comment on column public.customer_merges.merged_by is
'The member who did it; null for the operator, and once their account is gone.';
comment on column public.customer_merges.merged_at is 'When it was done.';
comment on column public.customer_merges.undone_by is 'The member who undid it.';
comment on column public.customer_merges.undone_at is 'When it was undone; null: it holds.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function public.merge_customers(
    customer_id public.identifier, duplicate_id public.identifier
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_kept_id uuid = crm.merge_customers(
        private.to_identifier(merge_customers.customer_id, 'customer_id'),
        private.to_identifier(merge_customers.duplicate_id, 'duplicate_id')
    );
begin
    return crm.visible_customer(v_kept_id);
end;
$$;
grant execute on function public.merge_customers(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.merge_customers is
'Merge a customer into another one who is the same person. Returns the customer who stays.

Credit, memberships, visits, groups, notes and tags move to them; bookings, orders and payments '
'of both show in one timeline. Of two live memberships '
'the one with the higher rank stays, or else the one that is paid for longer; the other is not '
'renewed, and what was paid for it stays until the end '
'of its period. If both have accounts, both use what the customer has from then on. For managers; '
'unmerge_customers undoes it.

- customer_id: the customer who stays.
- duplicate_id: who is merged into them.

Errors: already_merged 409, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function public.unmerge_customers(merge_id public.identifier)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.unmerge_customers(
        private.to_identifier(unmerge_customers.merge_id, 'merge_id')
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.unmerge_customers(public.identifier)
to anon, authenticated, service_role;

comment on function public.unmerge_customers is
'Undo a merger. Returns the customer who is on their own again.

They get back what the merger moved: of the credit as much as was not spent since. What was '
'written since stays with the other customer. For managers.

- merge_id: the row of customer_merges.

Errors: already_merged 409, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/messages.sql

-- Conversations of a business with its customers.

create view public.conversations
with (security_invoker = true)
as
select
    conversations.id,
    conversations.business_id,
    conversations.customer_id,
    conversations.booking_id,
    conversations.order_id,
    conversations.created_at,
    conversations.last_message_at,
    (
        select count(*)
        from crm.messages
        where
            messages.business_id = conversations.business_id
            and messages.conversation_id = conversations.id
            and messages.author_id is distinct from (select auth.uid())
            and messages.sent_at > coalesce(
                (
                    select message_reads.read_at
                    from crm.message_reads
                    where
                        message_reads.business_id = conversations.business_id
                        and message_reads.conversation_id = conversations.id
                        and message_reads.user_id = (select auth.uid())
                ),
                '-infinity'
            )
    ) as unread_count
from crm.conversations;
grant select on public.conversations to authenticated, service_role;

comment on view public.conversations is
'Conversations of a business with its customers: one for each booking or order, and one about '
'nothing of these. Customers read theirs, members who serve customers those of their business. '
'Page by (last_message_at, id).';
comment on column public.conversations.id is 'Key.';
comment on column public.conversations.business_id is 'The business.';
comment on column public.conversations.customer_id is 'The customer.';
comment on column public.conversations.booking_id is 'The booking that it is about, or null.';
comment on column public.conversations.order_id is 'The order that it is about, or null.';
comment on column public.conversations.created_at is 'When the first message was sent.';
comment on column public.conversations.last_message_at is 'When the latest message was sent.';
comment on column public.conversations.unread_count is
'How many messages of others the caller has not read yet.';

create view public.messages
with (security_invoker = true)
as
select
    messages.id,
    messages.business_id,
    messages.conversation_id,
    messages.sender,
    messages.author_id,
    messages.body,
    messages.sent_at
from crm.messages;
grant select on public.messages to authenticated, service_role;

comment on view public.messages is
'What was written in conversations. Only ever added to, by start_conversation and send_message. '
'Read like their conversation. Page by (sent_at, id).';
comment on column public.messages.id is 'Key.';
comment on column public.messages.business_id is 'The business.';
comment on column public.messages.conversation_id is 'The conversation.';
comment on column public.messages.sender is 'customer or business.';
comment on column public.messages.author_id is
'The user who wrote it; null once their account is gone.';
comment on column public.messages.body is '1 to 5000 characters.';
comment on column public.messages.sent_at is 'When it was sent.';

create view public.message_reads
with (security_invoker = true)
as
select
    message_reads.business_id,
    message_reads.conversation_id,
    message_reads.user_id,
    message_reads.read_at
from crm.message_reads;
grant select on public.message_reads to authenticated, service_role;

comment on view public.message_reads is
'Until when somebody has read a conversation. Both sides see the marks of both; read_conversation '
'sets one.';
comment on column public.message_reads.business_id is 'The business.';
comment on column public.message_reads.conversation_id is 'The conversation.';
comment on column public.message_reads.user_id is 'Who has read it.';
comment on column public.message_reads.read_at is 'What was sent until then is read.';

create view public.message_attachments
with (security_invoker = true)
as
select
    message_attachments.media_id,
    message_attachments.message_id,
    message_attachments.attached_at
from crm.message_attachments;
grant select on public.message_attachments to authenticated, service_role;

comment on view public.message_attachments is
'Files that were sent with messages, once a worker has looked into them. Both sides of the '
'conversation read them. The author adds them for an hour: create_upload for message:ID, kind '
'attachment, at most five.';
comment on column public.message_attachments.media_id is
'The file. Its bucket and object_name in the view media are for a signed link to it.';
comment on column public.message_attachments.message_id is 'The message.';
comment on column public.message_attachments.attached_at is 'When it was sent.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden customer_blocked
 *          PT404 not_found
 */
create function public.start_conversation(
    business_id public.identifier,
    body text,
    customer_id public.identifier default null,
    booking_id public.identifier default null,
    order_id public.identifier default null
)
returns public.conversations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_conversation public.conversations;
    v_id uuid;
begin
    if num_nonnulls(start_conversation.booking_id, start_conversation.order_id) > 1 then
        perform private.invalid('order_id', 'must not be sent with booking_id');
    end if;
    v_id = crm.start_conversation(
        private.to_identifier(start_conversation.business_id, 'business_id'),
        private.to_identifier(start_conversation.customer_id, 'customer_id', is_required => false),
        private.to_identifier(start_conversation.booking_id, 'booking_id', is_required => false),
        private.to_identifier(start_conversation.order_id, 'order_id', is_required => false),
        private.to_required_text(start_conversation.body, 'body', 5000)
    );
    select conversations.* into v_conversation
    from public.conversations
    where conversations.id = v_id;
    return v_conversation;
end;
$$;
grant execute on function public.start_conversation(
    public.identifier, text, public.identifier, public.identifier, public.identifier
)
to anon, authenticated, service_role;

comment on function public.start_conversation is
'Write to a business, or from a business to one of its customers. Returns the conversation: there '
'is one for each booking or order, so a further call about the same adds a message to it. The '
'other side is told.

- business_id: the business.
- body: 1 to 5000 characters.
- customer_id: the customer, for members who write for the business; without it the caller '
'writes as a customer.
- booking_id, order_id: what it is about; at most one of them.

Errors: customer_blocked 403, forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 customer_blocked · PT404 not_found
 */
create function public.send_message(conversation_id public.identifier, body text)
returns public.messages
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_message public.messages;
    v_id uuid = crm.send_message(
        private.to_identifier(send_message.conversation_id, 'conversation_id'),
        private.to_required_text(send_message.body, 'body', 5000)
    );
begin
    select messages.* into v_message from public.messages where messages.id = v_id;
    return v_message;
end;
$$;
grant execute on function public.send_message(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.send_message is
'Answer in a conversation. Returns the message. The other side is told.

- conversation_id: the conversation, of the caller or of a business whose customers they serve.
- body: 1 to 5000 characters.

Errors: customer_blocked 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.read_conversation(conversation_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform crm.read_conversation(
        private.to_identifier(read_conversation.conversation_id, 'conversation_id')
    );
end;
$$;
grant execute on function public.read_conversation(public.identifier)
to anon, authenticated, service_role;

comment on function public.read_conversation is
'Mark what was written in a conversation until now as read by the caller.

- conversation_id: the conversation.

Errors: invalid_input 400, not_found 404, not_signed_in 401.';

-- sql/62_crm/api/notes.sql

-- Notes and tags of customers, and what happened with each.

create view public.customer_notes
with (security_invoker = true)
as
select
    customer_notes.id,
    customer_notes.business_id,
    customer_notes.customer_id,
    customer_notes.kind,
    customer_notes.body,
    customer_notes.author_id,
    customer_notes.created_at,
    customer_notes.updated_at
from crm.customer_notes;
grant select, insert, update, delete on public.customer_notes to authenticated, service_role;

comment on view public.customer_notes is
'What a business writes down about its customers. customer_note_permissions says which role reads '
'and writes which kind; members change what they wrote, managers also what others wrote. '
'Customers and other businesses never see it.';
comment on column public.customer_notes.id is 'Key.';
comment on column public.customer_notes.business_id is 'The business.';
comment on column public.customer_notes.customer_id is
'The customer. A note on a merged customer is written on the one who they are now.';
comment on column public.customer_notes.kind is 'allergy, preference, restriction or general.';
comment on column public.customer_notes.body is '1 to 5000 characters.';
comment on column public.customer_notes.author_id is
'The member who wrote it; null once their account is gone.';
comment on column public.customer_notes.created_at is 'When it was written.';
comment on column public.customer_notes.updated_at is 'When it was last changed.';

create view public.customer_note_permissions
with (security_invoker = true)
as
select
    note_permissions.business_id,
    note_permissions.kind,
    note_permissions.read_permission,
    note_permissions.write_permission
from crm.note_permissions;
grant select, insert, update, delete
on public.customer_note_permissions to authenticated, service_role;

comment on view public.customer_note_permissions is
'Which permission reads and writes notes of a kind. Without a row both are serve. Members read '
'them, owners write them.';
comment on column public.customer_note_permissions.business_id is 'The business.';
comment on column public.customer_note_permissions.kind is
'allergy, preference, restriction or general.';
comment on column public.customer_note_permissions.read_permission is
'Who reads them: serve (owner, manager, staff), manage (owner, manager) or own (owner).';
comment on column public.customer_note_permissions.write_permission is
'Who writes them, in the same words.';

create view public.customer_tags
with (security_invoker = true)
as
select
    customer_tags.business_id,
    customer_tags.customer_id,
    customer_tags.tag,
    customer_tags.created_at
from crm.customer_tags;
grant select, insert, delete on public.customer_tags to authenticated, service_role;

comment on view public.customer_tags is
'Words by which a business finds its customers. Members who serve customers read and write them; '
'customers never see them.';
comment on column public.customer_tags.business_id is 'The business.';
comment on column public.customer_tags.customer_id is 'The customer.';
comment on column public.customer_tags.tag is '1 to 50 characters in one line.';
comment on column public.customer_tags.created_at is 'When it was set.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.customer_timeline(
    customer_id public.identifier,
    kinds public.list default null,
    before_at public.instant default null,
    before_id public.identifier default null,
    max_rows public.whole_number default null
)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select events.*
    from crm.timeline(
        private.to_identifier(customer_timeline.customer_id, 'customer_id'),
        crm.to_event_kinds(customer_timeline.kinds),
        private.to_instant(customer_timeline.before_at, 'before_at', is_required => false),
        private.to_identifier(customer_timeline.before_id, 'before_id', is_required => false),
        private.to_whole_number(
            customer_timeline.max_rows, 'max_rows', 1, 200, if_null => 50
        )
    ) as events;
end;
$$;
grant execute on function public.customer_timeline(
    public.identifier, public.list, public.instant, public.identifier, public.whole_number
)
to anon, authenticated, service_role;

comment on function public.customer_timeline is
'List what happened with a customer, the latest first: bookings, orders, payments, memberships, '
'credit, published reviews, notes and messages, also of those who were merged into them. For '
'members who serve customers; notes that their role does not read are left out.

- customer_id: the customer.
- kinds: which kinds; all without it.
- before_at, before_id: the last row of the page before; without them the first page.
- max_rows: how many, 1 to 200; 50 without it.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

-- sql/62_crm/api/past_professionals.sql

-- The people who served a customer before, to book them again.

create view public.past_professionals
with (security_invoker = true)
as
with served as (
    select
        bookings.business_id,
        bookings.id as booking_id,
        bookings.starts_at,
        booking_items.id as booking_item_id,
        booking_items.resource_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            bookings.business_id = booking_items.business_id
            and bookings.id = booking_items.booking_id
    where
        bookings.customer_id = (select auth.uid())
        and bookings.status = 'completed'
        and booking_items.cancelled_at is null
),

-- The one who carried the service, and whoever else it took.
taken as (
    select
        served.business_id,
        served.booking_id,
        served.starts_at,
        served.resource_id
    from served
    union
    select
        served.business_id,
        served.booking_id,
        served.starts_at,
        allocations.resource_id
    from served
    inner join scheduling.allocations
        on
            served.business_id = allocations.business_id
            and served.booking_id = allocations.booking_id
            and served.booking_item_id = allocations.booking_item_id
)

select
    resources.business_id,
    resources.id as resource_id,
    resources.name,
    resources.is_active,
    count(*) as bookings,
    max(taken.starts_at) as last_at
from taken
inner join catalog.resources
    on
        taken.business_id = resources.business_id
        and taken.resource_id = resources.id
where resources.kind = 'staff'
group by resources.business_id, resources.id, resources.name, resources.is_active;
grant select on public.past_professionals to authenticated, service_role;

comment on view public.past_professionals is
'The staff who served the caller in completed bookings, each once. Page by (last_at, resource_id).';
comment on column public.past_professionals.business_id is 'The business.';
comment on column public.past_professionals.resource_id is
'Who it was, a row of resources; pass it to book.';
comment on column public.past_professionals.name is 'Their name, as it is now.';
comment on column public.past_professionals.is_active is
'Whether they can still be booked; false once they left.';
comment on column public.past_professionals.bookings is
'In how many completed bookings of the caller they served.';
comment on column public.past_professionals.last_at is 'When the latest of these bookings began.';

-- sql/62_crm/api/preferences.sql

-- What a customer usually wants, and the slots that follow from it.

-- A slot of the service that somebody usually books.
create type public.preferred_slot as (
    service_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    resource_ids uuid [],
    remaining integer
);
comment on type public.preferred_slot is
'A free start of the service that somebody usually books, as preferred_slots returns it: a slot of '
'available_slots with its service.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_customer_preferences(
    customer_id public.identifier,
    resource_id public.identifier default null,
    service_id public.identifier default null
)
returns public.customers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = crm.set_preferences(
        private.to_identifier(set_customer_preferences.customer_id, 'customer_id'),
        private.to_identifier(
            set_customer_preferences.resource_id, 'resource_id', is_required => false
        ),
        private.to_identifier(
            set_customer_preferences.service_id, 'service_id', is_required => false
        )
    );
begin
    return crm.visible_customer(v_customer_id);
end;
$$;
grant execute on function public.set_customer_preferences(
    public.identifier, public.identifier, public.identifier
)
to anon, authenticated, service_role;

comment on function public.set_customer_preferences is
'Write down whom and what a customer usually wants, also of one without an account. Returns the '
'customer.

Bookings of services with prefers_known_staff get the resource first, also those that a member '
'makes with book_for under the e-mail address or phone number of the customer. What the account '
'prefers by its own word goes before. For members who serve customers.

- customer_id: the customer.
- resource_id: whom they want; without it, nobody in particular.
- service_id: what they usually book; without it, nothing in particular.

Errors: forbidden 403, invalid_input 400, not_found 404, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 not_bookable · PT422 too_many_rows
 */
create function public.preferred_slots(
    business_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    customer_id public.identifier default null
)
returns setof public.preferred_slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_wanted record = crm.preferred_selection(
        private.to_identifier(preferred_slots.business_id, 'business_id'),
        private.to_identifier(preferred_slots.customer_id, 'customer_id', is_required => false)
    );
begin
    if v_wanted.service_id is null then
        return;
    end if;
    return query
    select
        v_wanted.service_id::uuid, slots.starts_at, slots.ends_at, slots.resource_ids,
        slots.remaining
    from public.available_slots(
        v_wanted.service_id::text, preferred_slots.from_at, preferred_slots.to_at,
        v_wanted.resource_id::text
    ) as slots;
end;
$$;
grant execute on function public.preferred_slots(
    public.identifier, public.instant, public.instant, public.identifier
)
to anon, authenticated, service_role;

comment on function public.preferred_slots is
'Return the slots of what somebody usually books in a business, as available_slots does: the '
'service and the resource that they prefer are its defaults.

The service is the one of set_preferred_service, else of set_customer_preferences, else of their '
'latest completed booking; the resource is the one of set_preferred_resource, else of '
'set_customer_preferences, if it provides this service. There are no rows when no service is '
'known.

- business_id: the business.
- from_at, to_at: as in available_slots, at most 62 days.
- customer_id: the customer, for members who serve customers; without it, the caller.

Errors: forbidden 403, invalid_input 400, not_bookable 409, not_found 404, not_signed_in 401, '
'too_many_rows 422.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
