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
